import Pages
import RunLog
import Training
import Workspace

extension ComparedRun {
  /// Charts of the validation loss: over all timesteps, and over those with little and with much noise.
  var charts: [LossChart] {
    let marks = checkpoints.map(\.folder.step)
    func chart(_ title: String, _ bands: Range<Int>?) -> LossChart {
      func points(
        _ whole: KeyPath<ValidationReport, Double?>, _ parts: KeyPath<ValidationReport, [Double]?>
      ) -> [(step: Int, loss: Double)] {
        evaluations.compactMap { evaluation in
          guard let bands else {
            return evaluation[keyPath: whole].map { (evaluation.step, $0) }
          }
          return evaluation[keyPath: parts].flatMap { losses in
            guard losses.count >= bands.upperBound else { return nil }
            return (evaluation.step, losses[bands].reduce(0, +) / Double(bands.count))
          }
        }
      }
      return LossChart(
        title: "Run \(run.id), \(title)",
        curves: [
          LossChart.Curve(name: "validation", points: points(\.validationLoss, \.bands)),
          LossChart.Curve(name: "training", points: points(\.trainingLoss, \.trainingBands)),
        ], marks: marks)
    }
    let count = evaluations.compactMap(\.bands).first?.count ?? 0
    guard count > 3 else { return [chart("loss", nil)] }
    return [
      chart("loss over all timesteps", nil),
      chart("loss at timesteps with little noise", 0..<count / 4),
      chart("loss at timesteps with much noise", (count - count / 4)..<count),
    ]
  }
}

extension ValidationReport {
  /// The validation loss with the type of the training loss.
  fileprivate var validationLoss: Double? { loss }
}
