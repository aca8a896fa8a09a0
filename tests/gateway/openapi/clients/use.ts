// What a page would do with the generated types. It is compiled and never run.
import type { components, operations, paths } from "./schema";

type Job = components["schemas"]["Job"];
type Query = NonNullable<operations["listJobs"]["parameters"]["query"]>;
type Sound = operations["downloadJobAudio"]["responses"][200]["content"]["audio/mpeg"];
type Nothing = operations["logoutEverywhere"]["responses"][204]["content"];
type Problem = paths["/jobs"]["get"]["responses"][422]["content"]["application/problem+json"];

export const query: Query = { q: "talk", state: "failed", since: "2026-11-29T10:00:00Z", include: "timeline", limit: 5 };
export const nothing: Nothing = undefined;

export function told(job: Job, sound: Sound, problem: Problem): string {
  const duration: number = job.audio?.duration_seconds ?? 0;
  const why: string = job.error?.message ?? problem.detail;
  return `${job.timeline[0]?.type} ${duration} ${why} ${sound.length}`;
}

// @ts-expect-error: there is no such state
export const wrong: Query = { state: "dreaming" };
