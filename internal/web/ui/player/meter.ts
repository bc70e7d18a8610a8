// Meter measures a bit rate over the last seconds, from what was loaded. Pure.

const span = 6; // seconds of media: three segments

export class Meter {
  private loads: { bytes: number; seconds: number }[] = [];

  add(bytes: number, seconds: number): void {
    if (!(seconds > 0)) return;
    this.loads.push({ bytes, seconds });
    let total = this.seconds();
    while (this.loads.length > 1 && total - this.loads[0]!.seconds >= span) total -= this.loads.shift()!.seconds;
  }

  /** In bit/s; 0 before anything was loaded. */
  rate(): number {
    const seconds = this.seconds();
    if (seconds === 0) return 0;
    return (8 * this.loads.reduce((sum, l) => sum + l.bytes, 0)) / seconds;
  }

  private seconds(): number {
    return this.loads.reduce((sum, l) => sum + l.seconds, 0);
  }
}
