"""`tonearm hooks`: your webhooks at a gateway."""
