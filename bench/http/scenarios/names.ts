// Names of the scenarios, in the order in which they run.

export const scenarioNames = ['slow-endpoint', 'overload', 'idle'] as const;
