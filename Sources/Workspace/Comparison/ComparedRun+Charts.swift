import RunLog
import Training

/// A chart of losses over steps.
package struct ComparisonChart: Codable, Sendable, Equatable {
  package struct Curve: Codable, Sendable, Equatable {
    package let name: String
    package let steps: [Int]
    package let losses: [Double]
  }

  package let title: String
  package let curves: [Curve]
  /// Steps with checkpoints.
  package let marks: [Int]
}

extension ComparedRun {
  /// Charts of the validation loss: over all timesteps, and over those with little and with much noise.
  var charts: [ComparisonChart] {
    let marks = checkpoints.map(\.folder.step)
    func chart(_ title: String, _ bands: Range<Int>?) -> ComparisonChart {
      func curve(
        _ name: String, _ whole: KeyPath<ValidationReport, Double?>,
        _ parts: KeyPath<ValidationReport, [Double]?>
      ) -> ComparisonChart.Curve {
        let points = evaluations.compactMap { evaluation -> (step: Int, loss: Double)? in
          guard let bands else {
            return evaluation[keyPath: whole].map { (evaluation.step, $0) }
          }
          return evaluation[keyPath: parts].flatMap { losses in
            guard losses.count >= bands.upperBound else { return nil }
            return (evaluation.step, losses[bands].reduce(0, +) / Double(bands.count))
          }
        }
        return ComparisonChart.Curve(
          name: name, steps: points.map(\.step), losses: points.map(\.loss))
      }
      return ComparisonChart(
        title: "Run \(run.id), \(title)",
        curves: [
          curve("validation", \.validationLoss, \.bands),
          curve("training", \.trainingLoss, \.trainingBands),
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
