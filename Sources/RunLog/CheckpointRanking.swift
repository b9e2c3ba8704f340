import Foundation

/// The checkpoints of a run by how they do on the pictures that it does not train on, and why.
public struct CheckpointRanking: Sendable, Equatable {
  /// The evaluations at the checkpoints, the lowest held-out loss first; of equals the earlier one.
  public let ranked: [ValidationRecord]

  /// Differences below this share of a loss are within what the choice of pictures does.
  private static let tolerance = 0.01

  /// nil where no checkpoint was evaluated.
  ///
  /// - Parameters:
  ///   - steps: of the checkpoints.
  ///   - evaluations: all that the run has.
  public init?(steps: [Int], evaluations: [ValidationRecord]) {
    let steps = Set(steps)
    ranked = evaluations.filter { steps.contains($0.step) }
      .sorted { ($0.loss, $0.step) < ($1.loss, $1.step) }
    guard !ranked.isEmpty else { return nil }
  }

  /// The place of a checkpoint among those that were evaluated, from 1; nil for one that was not.
  public func place(ofStep step: Int) -> Int? {
    ranked.firstIndex { $0.step == step }.map { $0 + 1 }
  }

  /// Which checkpoint to take, and why, in one or two sentences.
  public var advice: String {
    let best = ranked[0]
    guard let last = ranked.max(by: { $0.step < $1.step }), ranked.count > 1 else {
      return "Step \(best.step) is the only checkpoint whose held-out loss is known "
        + "(\(format(best.loss)))."
    }
    let head =
      "Step \(best.step) has the lowest held-out loss of \(ranked.count) checkpoints, "
      + "\(format(best.loss)); next is step \(ranked[1].step) with \(format(ranked[1].loss))."
    guard best.step != last.step else {
      return "\(head) It is the last one: training longer may still help."
    }
    let rise = last.loss / best.loss - 1
    let after = "From there to step \(last.step)"
    guard rise > Self.tolerance else {
      return "\(head) \(after) it stays level: the earlier one is as good, and freer."
    }
    let grown = "\(head) \(after) it rises by \(percent(rise))"
    guard let before = best.trainingLoss, let now = last.trainingLoss, now < before else {
      return "\(grown)."
    }
    return
      "\(grown) while that of training pictures falls by \(percent(1 - now / before)): they are "
      + "being learnt by heart."
  }

  private func format(_ loss: Double) -> String { String(format: "%.4f", loss) }

  private func percent(_ share: Double) -> String {
    share < 0.1 ? String(format: "%.1f %%", 100 * share) : String(format: "%.0f %%", 100 * share)
  }
}
