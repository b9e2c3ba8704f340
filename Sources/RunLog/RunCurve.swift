import GRDB

/// The steps of a run for a chart: a point stands for several steps of a long run.
package struct RunCurve: Encodable, Equatable, Sendable {
  /// The steps that a point stands for; the last point may stand for fewer.
  package let width: Int
  /// The last step of each point.
  package var step: [Int] = []
  /// The mean loss of each point.
  package var loss: [Double] = []
  /// The lowest loss of each point.
  package var low: [Double] = []
  /// The highest loss of each point.
  package var high: [Double] = []
  /// The learning rate of each point's last step.
  package var learningRate: [Double] = []
  /// The mean duration of the steps of each point, in seconds.
  package var seconds: [Double] = []

  private enum CodingKeys: String, CodingKey {
    case width, step, loss, low, high, seconds
    case learningRate = "learning_rate"
  }
}

extension RunHistory {
  /// The steps of a run as about `points` points at most. Throws ``RunLogError``.
  ///
  /// - Parameter step: only points with steps after this one. For points that are complete, it is a
  ///   multiple of the curve's width.
  package func curve(
    of run: Run, after step: Int = 0, points: Int
  ) throws(RunLogError) -> RunCurve {
    let width = max(1, (max(run.steps, run.step) + points - 1) / points)
    return try read { db in
      var curve = RunCurve(width: width)
      let rows = try Row.fetchCursor(
        db,
        sql: """
          SELECT point.last, mean, low, high, learning_rate, point.seconds FROM (
            SELECT max(step) AS last, avg(loss) AS mean, min(loss) AS low, max(loss) AS high,
              avg(seconds) AS seconds
            FROM step WHERE run = :run AND step > :after GROUP BY (step - 1) / :width) AS point
          JOIN step ON step.run = :run AND step.step = point.last ORDER BY point.last
          """, arguments: ["run": run.id, "after": step, "width": width])
      while let row = try rows.next() {
        curve.step.append(row[0])
        curve.loss.append(row[1])
        curve.low.append(row[2])
        curve.high.append(row[3])
        curve.learningRate.append(row[4])
        curve.seconds.append(row[5])
      }
      return curve
    }
  }
}
