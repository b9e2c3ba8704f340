import Files

/// The validation losses of a run: how they went on, and which checkpoint to take by them.
public struct ValidationRanking: Sendable, Equatable {
  /// How the loss went on after its lowest point.
  public enum Trend: Sendable, Equatable {
    /// The last evaluation is the lowest.
    case falling
    /// The last loss is about as low.
    case level
    /// The last loss is higher, by this share of the lowest.
    case rising(by: Double)
  }

  /// A loss that lies above the lowest by no more than this share of it counts as level: single
  /// training steps move it as much.
  static let tolerance = 0.05

  /// All evaluations, in order of steps.
  public let evaluations: [ValidationReport]
  /// The evaluations at the checkpoints, the lowest loss first; of equals the earlier one.
  public let ranked: [ValidationReport]
  /// The evaluation with the lowest loss; of equals the earlier one.
  public let lowest: ValidationReport
  /// The last evaluation.
  public let last: ValidationReport

  /// - Parameters:
  ///   - evaluations: all of a run; nil is returned where there are none.
  ///   - checkpoints: the steps of the checkpoints to choose from.
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

  /// The checkpoint with the lowest loss; nil where none was evaluated.
  public var best: ValidationReport? { ranked.first }

  /// The place of a checkpoint among those that were evaluated, from 1; nil for one that was not.
  public func place(ofStep step: Int) -> Int? {
    ranked.firstIndex { $0.step == step }.map { $0 + 1 }
  }

  /// How the loss went on after its lowest point.
  public var trend: Trend {
    guard lowest.step != last.step else { return .falling }
    let rise = last.loss / lowest.loss - 1
    return rise <= Self.tolerance ? .level : .rising(by: rise)
  }

  /// At most so many of the evaluations, evenly apart, and always the last.
  public func thinned(to count: Int) -> [ValidationReport] {
    let stride = (evaluations.count + count - 1) / count
    return evaluations.enumerated()
      .filter { (evaluations.count - 1 - $0.offset).isMultiple(of: stride) }.map(\.element)
  }
}

extension ValidationRanking {
  /// One sentence on whether training still helps with images that it does not see.
  public var summary: String {
    let best = "\(lowest.loss.fixed(4)) at step \(lowest.step)"
    guard evaluations.count > 1 else {
      return "Validation loss: \(best), the only evaluation so far."
    }
    let now = "\(last.loss.fixed(4)) at step \(last.step)"
    switch trend {
    case .falling: return "Validation loss: lowest \(best), the last evaluation: still falling."
    case .level: return "Validation loss: lowest \(best), level since then (\(now))."
    case .rising(let rise):
      let since = lowest.step == evaluations[0].step ? "from the start" : "since then"
      return
        "Validation loss: lowest \(best); \(now), \(percent(rise)) higher: over-fitting \(since)."
    }
  }

  /// Which checkpoint to take, and why, in one or two sentences; nil where none was evaluated.
  public var advice: String? {
    guard let best else { return nil }
    guard ranked.count > 1 else {
      return "Step \(best.step) is the only checkpoint whose validation loss is known "
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
        "\(span) stays level: an earlier checkpoint is as good, and less bound to the training images."
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
