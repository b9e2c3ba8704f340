import Foundation
import RunLog
import Testing

/// The points of a chart of a long run.
@Suite struct CurveTests {
  let fixture = Fixture()

  @Test("A point has the last step's learning rate, and mean, lowest and highest loss of its steps")
  func points() throws {
    let log = try fixture.open()
    let run = try log.beginExample(steps: 8)
    let losses = [5.0, 1, 9, 3, 2, 8, 7, 4]
    for (index, loss) in losses.enumerated() {
      try log.record(
        StepRecord(
          run: run.id, step: index + 1, loss: loss, learningRate: Double(index + 1) / 1000,
          gradNorm: 1, seconds: 0.5))
    }
    try log.flush()
    let curve = try log.curve(of: try log.run(run.id), points: 2)
    #expect(curve.width == 4)
    #expect(curve.step == [4, 8])
    #expect(curve.learningRate == [0.004, 0.008])
    #expect(curve.loss == [4.5, 5.25] && curve.low == [1, 2] && curve.high == [9, 8])
    #expect(curve.seconds == [0.5, 0.5])
    let rest = try log.curve(of: try log.run(run.id), after: 4, points: 2)
    #expect(rest.step == [8] && rest.loss == [5.25])
    let whole = try log.curve(of: try log.run(run.id), points: 600)
    #expect(whole.width == 1 && whole.loss == losses)
  }
}
