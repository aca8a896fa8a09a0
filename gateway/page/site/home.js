/** The first place: drop a video, and the jobs. */

import { html } from "./vendor/lit-html/lit-html.js";
import { jobList } from "./jobs/list.js";
import { uploadPanel } from "./uploads/panel.js";

export const view = {
  open(place) {
    const closings = [uploadPanel.open(place), jobList.open(place)];
    return () => closings.forEach((close) => close());
  },
  template: () => html`${uploadPanel.template(jobList.isUsed)} ${jobList.template()}`,
};
