/// An optimizer by its name.
public enum OptimizerKind: String, CaseIterable, Sendable {
  /// ``AdamW``.
  case adamW = "adamw"
  /// ``AdamW8bit``.
  case adamW8bit = "adamw-8bit"
  /// ``Adafactor``.
  case adafactor
  /// ``Lion``.
  case lion
  /// ``Prodigy``.
  case prodigy
  /// ``ScheduleFreeAdamW``.
  case scheduleFreeAdamW = "adamw-schedule-free"

  /// The default of training.
  public static let standard = OptimizerKind.adamW

  /// The peak learning rate that training uses if none is given; 1 for Prodigy, which finds its own.
  public var standardRate: Double {
    switch self {
    case .adamW, .adamW8bit, .scheduleFreeAdamW, .adafactor: 1e-4
    // Steps of a sign are as large as the rate; Chen et al. advise a third to a tenth of AdamW's.
    case .lion: 3e-5
    case .prodigy: 1
    }
  }

  /// About how many bytes of state each trained number has.
  public var stateBytes: Double {
    switch self {
    case .adamW, .scheduleFreeAdamW: 8
    // A code of each average, and a scale for each 256 of them.
    case .adamW8bit: 2 + 8.0 / 256
    // A row and a column for each matrix.
    case .adafactor: 0.5
    case .lion: 4
    case .prodigy: 16
    }
  }

  /// Makes an optimizer with no state yet. Throws `TorchError`.
  public func optimizer(
    of groups: [ParameterGroup], settings: OptimizerSettings
  ) throws -> any Optimizer {
    switch self {
    case .adamW: try AdamW(groups, settings: settings)
    case .adamW8bit: try AdamW8bit(groups, settings: settings)
    case .adafactor: try Adafactor(groups, settings: settings)
    case .lion: try Lion(groups, settings: settings)
    case .prodigy: try Prodigy(groups, settings: settings)
    case .scheduleFreeAdamW: try ScheduleFreeAdamW(groups, settings: settings)
    }
  }
}
