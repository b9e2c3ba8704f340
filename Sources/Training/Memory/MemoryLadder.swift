import Drawing
import NN
import StableDiffusion
public import Torch

/// The ways to train within the memory of a device, the fastest first. Each needs less memory than the one
/// before.
public struct MemoryLadder: Sendable {
  /// A rung with what it needs.
  public struct Step: Sendable {
    /// What the training does.
    public let rung: MemoryRung
    /// What it then needs.
    public let estimate: MemoryEstimate
    /// The time of a training step, relative to the first rung.
    public let relativeTime: Double
  }

  /// What the training may use, in bytes.
  public let budget: Int
  /// The rungs, from the fastest to the one with the least memory. Those before the first that satisfies
  /// the configuration are used by none of its trainings.
  public let steps: [Step]
  /// The index of the rung to begin with.
  let start: Int
  /// Whether checkpoints are copied while the training continues.
  let savesMeanwhile: Bool
  /// What the program itself takes, in bytes.
  let process: Int

  /// The rung to go down to; nil if there is none. After the first step of a training its weights are not
  /// rounded any more, and rounded ones stay.
  ///
  /// - Parameter part: The part of the training that must need less memory; nil for any.
  func next(
    after rung: MemoryRung, atStep step: Int, lowering part: KeyPath<MemoryEstimate, Int>? = nil
  ) -> MemoryRung? {
    guard let index = steps.firstIndex(where: { $0.rung == rung }) else { return nil }
    return steps.dropFirst(index + 1).first { other in
      (step == 0 || other.rung.rounding == rung.rounding)
        && part.map { other.estimate[keyPath: $0] < steps[index].estimate[keyPath: $0] } ?? true
    }?.rung
  }

  /// Throws `TorchError` if a trial has taken more than the budget.
  func checkTrial(peak: Int) throws(TorchError) {
    guard peak > budget else { return }
    throw TorchError(
      "a step takes \(MemorySize(bytes: peak)) of \(MemorySize(bytes: budget))", isOutOfMemory: true
    )
  }

  /// The estimate of a rung; nil if the ladder lacks it.
  func estimate(of rung: MemoryRung) -> MemoryEstimate? {
    steps.first { $0.rung == rung }?.estimate
  }

  /// Whether a rung is far from filling the budget, so that a trial is needless.
  func isRoomy(_ rung: MemoryRung) -> Bool {
    estimate(of: rung).map { $0.training < budget / 2 } ?? false
  }
}

extension MemoryLadder {
  /// Estimates every rung for a training. Options that are set stay as they are, unless memory runs out
  /// later. Throws `TorchError`, `AdapterError`.
  ///
  /// - Parameters:
  ///   - knownLayers: The paths of the text encoders' layers with adapters of `init_lora`; nil before that is
  ///     read.
  ///   - images: The most images that a batch can have; nil: as many as it should have.
  init(
    _ config: TrainingConfig, knownLayers: KnownTextLayers? = nil, model: ModelDirectory,
    device: Device, dtype: DType, images: Int? = nil
  ) throws {
    let usual = try Self.usual(on: device)
    let budget = config.memory.flatMap(MemorySize.init).map { min($0.bytes, usual) } ?? usual
    let use = try MemoryUse(
      config, knownLayers: knownLayers, model: model, device: device, dtype: dtype, images: images)
    let steps = Self.rungs(config, on: device).map {
      Step(
        rung: $0, estimate: use.estimate($0, budget: budget),
        relativeTime: $0.relativeTime(on: device))
    }
    let allowed = steps.indices.filter { steps[$0].rung.satisfies(config) }
    start =
      allowed.first { steps[$0].estimate.training <= budget } ?? allowed.last ?? steps.count - 1
    self.budget = budget
    self.steps = steps
    savesMeanwhile = use.savesMeanwhile
    process = use.process
  }

  /// On a GPU, fetching the weights takes longer than a step, so 8 bits come first. On a CPU the weights
  /// are in their file already, and 8 bits are used only if they are asked for.
  private static func rungs(_ config: TrainingConfig, on device: Device) -> [MemoryRung] {
    let isAll = config.frozenWeights == .offloaded && config.memory == nil
    let offloaded = (config.offloadedShare.map { [$0] } ?? (isAll ? [1] : [0.25, 0.5, 0.75, 1]))
      .map { MemoryRung(.blocks, .offloaded, offloadedShare: $0) }
    let whole: [MemoryRung] = [.init(nil), .init(.feedForward), .init(.blocks)]
    switch config.frozenWeights {
    // Exact weights after rounded ones would be another training.
    case .int8, .fp8: return [.init(.blocks, config.frozenWeights ?? .int8)]
    case .resident: return whole + offloaded
    case .offloaded: return offloaded
    case nil:
      return whole + (device.isCUDA ? [.init(.blocks, .int8)] + offloaded.suffix(2) : offloaded)
    }
  }

  /// What a training may use if nothing is set: of a GPU all but what its driver and the desktop need, of
  /// a machine nine tenths. It does not depend on what is free now, so that the same command is the same
  /// training every time.
  private static func usual(on device: Device) throws -> Int {
    device.isCUDA ? try device.memory().total - (1 << 30) : MachineMemory.total() / 10 * 9
  }
}

extension MemoryRung {
  /// Whether the options that a configuration sets are those of this rung.
  fileprivate func satisfies(_ config: TrainingConfig) -> Bool {
    let isOn = checkpointing != nil
    return (config.gradientCheckpointing ?? isOn) == isOn
      && (config.checkpointingExtent ?? checkpointing) == checkpointing
      && (config.checkpointingExtent != nil || config.gradientCheckpointing == nil
        || checkpointing != .feedForward)
      && (config.frozenWeights ?? weights) == weights
      && (weights != .offloaded || (config.offloadedShare ?? offloadedShare) == offloadedShare)
  }
}
