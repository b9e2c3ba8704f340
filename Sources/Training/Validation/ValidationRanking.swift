import Files

/// The validation losses of a run: their trend, and the ranking of the checkpoints.
public struct ValidationRanking: Sendable, Equatable {
  /// The trend of the loss after its minimum.
  public enum Trend: Sendable, Equatable {
    /// The last loss is the lowest.
    case falling
    /// The last loss is about as low as the lowest.
    case level
    /// The last loss is higher by this fraction of the lowest.
    case rising(by: Double)
  }

  /// A loss above the lowest by at most this fraction counts as level, because single training
  /// steps change it as much.
  static let tolerance = 0.05

  /// All validations, in the order of their steps.
  public let evaluations: [ValidationReport]
  /// The validations at the checkpoints, the lowest loss first; of equal losses the earlier first.
  public let ranked: [ValidationReport]
  /// The validation with the lowest loss; of equal losses the earlier one.
  public let lowest: ValidationReport
  /// The last validation.
  public let last: ValidationReport

  /// - Parameters:
  ///   - evaluations: All validations of a run. Without any, the result is nil.
  ///   - checkpoints: The steps of the checkpoints.
  public init?(_ evaluations: [ValidationReport], checkpoints: some Sequence<Int>) {
    let ordered = evaluations.sorted { ($0.loss, $0.step) < ($1.loss, $1.step) }
    guard let lowest = ordered.first, let last = evaluations.max(by: { $0.step < $1.step })
    else { return nil }
    let steps = Set(checkpoints)
    self.evaluations = evaluations.sorted { $0.step < $1.step }
    self.lowest = lowest
    self.last = last
    ranked = ordered.filter { steps.contains($0.step) }
  }

  /// The validation at the checkpoint with the lowest loss; nil if no checkpoint was validated.
  public var best: ValidationReport? { ranked.first }

  /// The rank of a checkpoint, from 1; nil if it was not validated.
  public func place(ofStep step: Int) -> Int? {
    ranked.firstIndex { $0.step == step }.map { $0 + 1 }
  }

  /// The trend of the loss after its minimum.
  public var trend: Trend {
    guard lowest.step != last.step else { return .falling }
    let rise = last.loss / lowest.loss - 1
    return rise <= Self.tolerance ? .level : .rising(by: rise)
  }

  /// At most `count` validations, evenly spaced, always with the last.
  public func thinned(to count: Int) -> [ValidationReport] {
    let stride = (evaluations.count + count - 1) / count
    return evaluations.enumerated()
      .filter { (evaluations.count - 1 - $0.offset).isMultiple(of: stride) }.map(\.element)
  }
}

extension ValidationRanking {
  /// The trend of the validation loss in one sentence.
  public var summary: String {
    let best = "\(lowest.loss.fixed(4)) at step \(lowest.step)"
    guard evaluations.count > 1 else {
      return "Validation loss: \(best), the only one so far."
    }
    let now = "\(last.loss.fixed(4)) at step \(last.step)"
    switch trend {
    case .falling: return "Validation loss: lowest \(best), the last step; still falling."
    case .level: return "Validation loss: lowest \(best), level since then (\(now))."
    case .rising(let rise):
      let since = lowest.step == evaluations[0].step ? "from the start" : "since then"
      return
        "Validation loss: lowest \(best); \(now), \(percent(rise)) higher; over-fitting \(since)."
    }
  }

  /// The checkpoint to use and the reason, in one or two sentences; nil if no checkpoint was
  /// validated.
  public var advice: String? {
    guard let best else { return nil }
    guard ranked.count > 1 else {
      return "Step \(best.step) is the only checkpoint with a validation loss "
        + "(\(best.loss.fixed(4)))."
    }
    return "Step \(best.step) has the lowest validation loss of \(ranked.count) checkpoints, "
      + "\(best.loss.fixed(4)); next is step \(ranked[1].step) with \(ranked[1].loss.fixed(4)). "
      + reason
  }

  private var reason: String {
    let span = "From step \(lowest.step) to step \(last.step) the loss"
    switch trend {
    case .falling: return "The loss still falls: longer training may help."
    case .level:
      return
        "\(span) stays level: an earlier checkpoint is as good and fits the training images less "
        + "closely."
    case .rising(let rise):
      guard let before = lowest.trainingLoss, let now = last.trainingLoss, now < before else {
        return "\(span) rises by \(percent(rise))."
      }
      return "\(span) rises by \(percent(rise)), while that of training images falls by "
        + "\(percent(1 - now / before)): the model memorizes them."
    }
  }

  private func percent(_ share: Double) -> String {
    "\((100 * share).fixed(share < 0.1 ? 1 : 0)) %"
  }
}
