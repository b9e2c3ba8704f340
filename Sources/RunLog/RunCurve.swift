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
  /// The steps of a run as at most about `points` points. Throws ``RunLogError``.
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
          SELECT max(step), avg(loss), min(loss), max(loss), learning_rate, avg(seconds)
          FROM step WHERE run = ? AND step > ? GROUP BY (step - 1) / ? ORDER BY step
          """, arguments: [run.id, step, width])
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
