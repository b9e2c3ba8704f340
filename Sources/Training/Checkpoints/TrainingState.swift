/// Everything besides tensors that a run needs to be resumed: `state.json`.
public struct TrainingState: Sendable, Equatable {
  /// The layout of checkpoint folders that this version writes.
  public static let currentFormat = 2
  /// The layouts that it reads. In the first one, the state holds the whole history.
  static let readableFormats = 1...currentFormat

  /// The layout of this checkpoint's folder.
  public var format = TrainingState.currentFormat
  /// The number of the run.
  public var run: Int
  /// Optimizer steps done.
  public var step: Int
  /// The loss of the last step.
  public var loss: Double?
  /// The resolved configuration.
  public var config: TrainingConfig
  /// What the run trains on, by content.
  public var identity: RunIdentity
  /// Where loss scaling stands, for float16.
  public var lossScaler: LossScaler
  /// libtorch's version, which decides the last bits of every number.
  public var libtorch: String
  /// The last evaluation of the held-out images; nil where there was none.
  public var validation: ValidationReport?
  /// How the run was resumed so far, oldest first; nil where it never was.
  public var continuations: [Continuation]?
  /// The part of the run's history that belongs to this checkpoint.
  public var history: HistoryMark

  /// The whole history, in a state of format 1.
  var ownHistory: TrainingHistory?

  /// The state after `step` steps.
  public init(
    run: Int, step: Int, loss: Double?, config: TrainingConfig, identity: RunIdentity,
    lossScaler: LossScaler, libtorch: String, validation: ValidationReport?,
    continuations: [Continuation]?, history: HistoryMark
  ) {
    self.run = run
    self.step = step
    self.loss = loss
    self.config = config
    self.identity = identity
    self.lossScaler = lossScaler
    self.libtorch = libtorch
    self.validation = validation
    self.continuations = continuations
    self.history = history
  }
}

extension TrainingState: Codable {
  private enum CodingKeys: String, CodingKey {
    case format
    case run
    case step
    case loss
    case config
    case identity
    case lossScaler = "loss_scaler"
    case libtorch
    case validation
    case continuations
    case history
  }

  /// Reads a state of any format of ``readableFormats``.
  public init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    format = try values.decode(Int.self, forKey: .format)
    run = try values.decode(Int.self, forKey: .run)
    step = try values.decode(Int.self, forKey: .step)
    config = try values.decode(TrainingConfig.self, forKey: .config)
    identity = try values.decode(RunIdentity.self, forKey: .identity)
    lossScaler = try values.decode(LossScaler.self, forKey: .lossScaler)
    libtorch = try values.decode(String.self, forKey: .libtorch)
    continuations = try values.decodeIfPresent([Continuation].self, forKey: .continuations)
    if format == 1 {
      let steps = try values.decode([StepReport].self, forKey: .history)
      let validation =
        try values.decodeIfPresent([ValidationReport].self, forKey: .validation) ?? []
      ownHistory = TrainingHistory(steps: steps, validation: validation)
      self.validation = validation.last
      loss = steps.last?.loss
      history = .empty
    } else {
      validation = try values.decodeIfPresent(ValidationReport.self, forKey: .validation)
      loss = try values.decodeIfPresent(Double.self, forKey: .loss)
      history = try values.decode(HistoryMark.self, forKey: .history)
    }
  }
}
