/** Every root field of the schema, as a token that is bound to a user is held against it. */

/** Root fields that are about a user, asked for this one; what has no user is another one's. */
export const aboutUsers: Readonly<Record<string, (userId: string) => string>> = {
  recommendations: (id) => `{ recommendations(input: { userId: "${id}" }) { id items { item { id } } } }`,
  rankItems: (id) => `{ rankItems(input: { userId: "${id}", itemIds: ["a"] }) { id } }`,
  user: (id) => `{ user(id: "${id}") { interactions { edges { node { id } } } memory { emptyReason } } }`,
  memoryProfile: (id) => `{ memoryProfile(userId: "${id}") { interactionsApplied } }`,
  auditLog: (id) => `{ auditLog(userId: "${id}") { edges { cursor } } }`,
  trackInteractions: (id) =>
    `mutation { trackInteractions(input: { interactions: [{ userId: "me", itemId: "a", kind: "view", occurredAt: "2026-01-01T00:00:00Z", id: "x" },
       { userId: "${id}", itemId: "b", kind: "view", occurredAt: "2026-01-01T00:00:01Z", id: "y" }] }) { accepted } }`,
  exportUser: (id) => `mutation { exportUser(input: { userId: "${id}" }) { data } }`,
  pinSlot: (id) => `mutation { pinSlot(input: { userId: "${id}", slot: 0 }) { __typename } }`,
  forgetSlot: (id) => `mutation { forgetSlot(input: { userId: "${id}", slot: 0 }) { forgotten } }`,
  forgetInteractions: (id) => `mutation { forgetInteractions(input: { userId: "${id}", ids: ["1"] }) { forgotten } }`,
  resetMemory: (id) => `mutation { resetMemory(input: { userId: "${id}" }) { __typename } }`,
  eraseUser: (id) => `mutation { eraseUser(input: { userId: "${id}" }) { interactions } }`,
};
export const ofTheCatalogue: Readonly<Record<string, string>> = {
  items: '{ items { edges { node { id } } } }',
  popularItems: '{ popularItems { id } }',
  similarItems: '{ similarItems(input: { itemId: "a" }) { id } }',
};
/** Of these no token opens any, whatever they are asked. */
export const closed: Readonly<Record<string, string>> = {
  attribution: '{ attribution(input: { from: "2026-01-01T00:00:00Z" }) { keptSince } }',
  experiment: '{ experiment { version } }',
  ingestStatus: '{ ingestStatus { partitions { topic } } }',
  item: '{ item(id: "a") { id } }',
  liveModel: '{ liveModel { version } }',
  models: '{ models { edges { cursor } } }',
  trainingRun: '{ trainingRun(id: "a") { id } }',
  trainingRuns: '{ trainingRuns { edges { cursor } } }',
  createUserToken: 'mutation { createUserToken(input: { userId: "me" }) { token } }',
  deleteItems: 'mutation { deleteItems(input: { ids: ["a"] }) { deleted } }',
  mergeUsers: 'mutation { mergeUsers(input: { from: "other", into: "me" }) { __typename } }',
  patchItems: 'mutation { patchItems(input: { items: [{ id: "a" }] }) { __typename } }',
  putItems: 'mutation { putItems(input: { items: [{ id: "a" }] }) { written } }',
  startExperiment: 'mutation { startExperiment(input: { version: 1, share: 0.5 }) { goesOn } }',
  endExperiment: 'mutation { endExperiment { goesOn } }',
  startTraining: 'mutation { startTraining { created } }',
};
export const subscriptions = ['memoryChanged', 'trainingRunChanged'];
