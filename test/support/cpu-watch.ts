/**
 * Measures the work of this process, in milliseconds of processor time: what a bound on effort means, and the
 * same however busy the machine is.
 */
export function cpuWatch(): () => number {
  const before = process.cpuUsage();
  return () => {
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  };
}
