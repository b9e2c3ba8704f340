public import NN
import Options
public import Torch

/// A way to train with less memory and in more time: a rung of a ``MemoryLadder``.
public struct MemoryRung: Hashable, Sendable {
  /// What gradient checkpointing recomputes; nil: nothing.
  public let checkpointing: CheckpointingExtent?
  /// How the weights of the base model's blocks are kept.
  public let weights: FrozenWeights
  /// The share of the weights that is offloaded, if they are.
  public let offloadedShare: Double

  /// A rung. Stored weights need gradient checkpointing of blocks.
  public init(
    _ checkpointing: CheckpointingExtent?, _ weights: FrozenWeights = .resident,
    offloadedShare: Double = 1
  ) {
    self.checkpointing = checkpointing
    self.offloadedShare = weights == .offloaded ? offloadedShare : 0
    self.weights = weights
  }

  /// The rung of a configuration whose options are resolved.
  public init(_ config: TrainingConfig) {
    self.init(
      config.gradientCheckpointing == true ? config.checkpointingExtent ?? .blocks : nil,
      config.frozenWeights ?? .resident, offloadedShare: config.offloadedShare ?? 1)
  }

  /// The keys of its options.
  static var keys: Set<String> {
    let schema = TrainingConfig.schema
    return [
      schema.key(of: \.$gradientCheckpointing), schema.key(of: \.$checkpointingExtent),
      schema.key(of: \.$frozenWeights), schema.key(of: \.$offloadedShare),
    ]
  }

  /// The rounding of the weights; nil for none.
  var rounding: FrozenWeights? { [.int8, .fp8].contains(weights) ? weights : nil }

  /// The form of the block weights in memory.
  var storage: WeightStorage {
    switch weights {
    case .resident: .resident
    case .int8: .quantized(.int8)
    case .fp8: .quantized(.fp8)
    case .offloaded: .offloaded(share: offloadedShare)
    }
  }

  /// The time of a step, relative to that of the fastest rung.
  ///
  /// On a CPU these are medians of steps of SDXL at 512 pixels in bfloat16. On a GPU they follow from the
  /// operations that are repeated, and from the bytes that move: 5 GB twice a step over PCIe 4.
  func relativeTime(on device: Device) -> Double {
    switch (checkpointing, weights) {
    case (nil, _): 1
    case (.feedForward, _): device.isCUDA ? 1.13 : 1.1
    case (.blocks, .resident): device.isCUDA ? 1.45 : 1.34
    case (.blocks, .int8): device.isCUDA ? 1.55 : 1.7
    case (.blocks, .fp8): device.isCUDA ? 1.6 : 3.1
    case (.blocks, .offloaded):
      device.isCUDA ? 1.45 + 1.55 * offloadedShare : 1.34 + 0.4 * offloadedShare * offloadedShare
    }
  }

  /// The rung in words, for lists.
  public var description: String {
    let checkpointing =
      switch self.checkpointing {
      case nil: "no gradient checkpointing"
      case .feedForward: "gradient checkpointing of feed-forward layers"
      case .blocks: "gradient checkpointing"
      }
    switch weights {
    case .resident: return checkpointing
    case .int8, .fp8: return "\(checkpointing), frozen weights in \(weights.rawValue)"
    case .offloaded:
      let share = offloadedShare < 1 ? "\(Int((100 * offloadedShare).rounded())) % of the " : ""
      return "\(checkpointing), \(share)frozen weights offloaded"
    }
  }
}

extension TrainingConfig {
  /// Sets the options of a rung. What is the default of a rung is `null`, as in runs of earlier versions.
  mutating func set(_ rung: MemoryRung) {
    gradientCheckpointing = rung.checkpointing != nil
    checkpointingExtent = rung.checkpointing == .feedForward ? .feedForward : nil
    frozenWeights = rung.weights == .resident ? nil : rung.weights
    offloadedShare =
      rung.weights == .offloaded && rung.offloadedShare < 1 ? rung.offloadedShare : nil
  }
}
