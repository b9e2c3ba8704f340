import Options

/// A step down the ladder in a training whose memory ran out.
public struct MemoryChange: Sendable, CustomStringConvertible {
  /// The number of steps done before it.
  public let step: Int
  /// The training's configuration from now on.
  public let config: TrainingConfig
  /// The options that changed: `gradient_checkpointing: false -> true`.
  public let changes: [String]
  /// Those of them that change the results, if only by rounding.
  public let differences: [String]

  private let work: String
  private let rung: MemoryRung
  private let message: String

  /// - Parameters:
  ///   - work: What ran out of memory.
  ///   - message: libtorch's message.
  init(
    to rung: MemoryRung, from config: TrainingConfig, step: Int, work: String, message: String
  ) {
    self.step = step
    self.rung = rung
    self.work = work
    self.message = message
    var changed = config
    changed.set(rung)
    self.config = changed
    changes = changed.differences(from: config).map(\.description)
    differences = changed.differencesForbiddenOnResume(from: config).map(\.description)
  }

  /// The change in one sentence.
  public var description: String {
    "There was not enough memory for the \(work) (\(message)); training continues with "
      + "\(rung.description) (\(changes.joined(separator: "; ")))."
  }
}
