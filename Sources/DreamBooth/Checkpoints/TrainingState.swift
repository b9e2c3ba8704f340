/// The rest of what a run needs to go on, beside its tensors: `state.json`.
public struct TrainingState: Codable, Sendable, Equatable {
  /// The layout of checkpoint folders that this version writes.
  public static let currentFormat = 1

  /// The layout of this checkpoint's folder.
  public var format = TrainingState.currentFormat
  /// The number of the run.
  public var run: Int
  /// Optimizer steps done.
  public var step: Int
  /// The resolved configuration.
  public var config: TrainingConfig
  /// What the run trains on, by content.
  public var identity: RunIdentity
  /// Where loss scaling stands, for float16.
  public var lossScaler: LossScaler
  /// libtorch's version, which decides the last bits of every number.
  public var libtorch: String
  /// Every step so far, for records that were lost.
  public var history: [StepReport]
  /// The held-out losses so far; nil where nothing is held out.
  public var validation: [ValidationReport]?
  /// How the run was continued so far, oldest first; nil where it never was.
  public var continuations: [Continuation]?

  private enum CodingKeys: String, CodingKey {
    case format
    case run
    case step
    case config
    case identity
    case lossScaler = "loss_scaler"
    case libtorch
    case history
    case validation
    case continuations
  }

  /// The state after the last step of `history`.
  public init(
    run: Int, step: Int, config: TrainingConfig, identity: RunIdentity, lossScaler: LossScaler,
    libtorch: String, history: [StepReport], validation: [ValidationReport]? = nil,
    continuations: [Continuation]? = nil
  ) {
    self.run = run
    self.step = step
    self.config = config
    self.identity = identity
    self.lossScaler = lossScaler
    self.libtorch = libtorch
    self.history = history
    self.validation = validation
    self.continuations = continuations
  }
}
