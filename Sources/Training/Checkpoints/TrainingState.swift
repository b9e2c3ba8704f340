/// Everything besides tensors that a resume needs: `state.json`.
public struct TrainingState: Sendable, Equatable {
  /// The format of checkpoint folders that this version writes.
  public static let currentFormat = 2
  /// The formats that it reads. In format 1, the state contains the whole history.
  static let readableFormats = 1...currentFormat

  /// The format of this checkpoint.
  public var format = TrainingState.currentFormat
  /// The number of the run.
  public var run: Int
  /// The number of optimizer steps done.
  public var step: Int
  /// The loss of the last step.
  public var loss: Double?
  /// The resolved configuration.
  public var config: TrainingConfig
  /// Hashes of the images, captions and base model.
  public var identity: RunIdentity
  /// State of loss scaling, for float16.
  public var lossScaler: LossScaler
  /// Version of libtorch, which decides the last bits of results.
  public var libtorch: String
  /// The last validation; nil if there was none.
  public var validation: ValidationReport?
  /// The ranks that trained together; nil for a process on its own.
  public var ranks: RanksRecord?
  /// The resumes of the run, oldest first; nil if there was none.
  public var resumes: [Resume]?
  /// True if memory ran out and the run continued with less, whatever was asked for; nil if not.
  public var ranOutOfMemory: Bool?
  /// The number of updates of the average of `ema`; nil without. A skipped step of float16 is none.
  public var averageUpdates: Int?
  /// The part of `history.jsonl` that belongs to this checkpoint.
  public var history: HistoryMark

  /// The whole history, in a state of format 1.
  var ownHistory: TrainingHistory?

  /// Creates the state after `step` steps.
  public init(
    run: Int, step: Int, loss: Double?, config: TrainingConfig, identity: RunIdentity,
    lossScaler: LossScaler, libtorch: String, validation: ValidationReport?,
    ranks: RanksRecord? = nil, resumes: [Resume]?, ranOutOfMemory: Bool? = nil,
    averageUpdates: Int? = nil,
    history: HistoryMark
  ) {
    self.run = run
    self.step = step
    self.loss = loss
    self.config = config
    self.identity = identity
    self.lossScaler = lossScaler
    self.libtorch = libtorch
    self.validation = validation
    self.ranks = ranks
    self.resumes = resumes
    self.ranOutOfMemory = ranOutOfMemory
    self.averageUpdates = averageUpdates
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
    case ranks
    case resumes = "continuations"
    case ranOutOfMemory = "ran_out_of_memory"
    case averageUpdates = "ema_updates"
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
    ranks = try values.decodeIfPresent(RanksRecord.self, forKey: .ranks)
    resumes = try values.decodeIfPresent([Resume].self, forKey: .resumes)
    ranOutOfMemory = try values.decodeIfPresent(Bool.self, forKey: .ranOutOfMemory)
    averageUpdates = try values.decodeIfPresent(Int.self, forKey: .averageUpdates)
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

/// The ranks that trained together.
public struct RanksRecord: Codable, Sendable, Equatable {
  /// Their number.
  public var size: Int
  /// The host names of their machines, each once, in the order of the ranks.
  public var hosts: [String]

  /// Creates a record.
  public init(size: Int, hosts: [String]) {
    self.size = size
    self.hosts = hosts
  }
}
