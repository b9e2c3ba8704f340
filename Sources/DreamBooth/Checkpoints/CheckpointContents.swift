import NN
import Torch

/// All that a checkpoint holds, copied at one moment between two steps, so that training can go on
/// while it is written. The next one is only made once this one is written: both use the same memory.
struct CheckpointContents: Sendable {
  let state: TrainingState
  let adapter: SafetensorsSnapshot
  let optimizer: SafetensorsSnapshot
}

/// Copies what a checkpoint holds besides its state.
struct CheckpointCopier {
  private let sites: [LoRASite]
  private let optimizer: any Optimizer
  private let adapterCopy: SafetensorsSnapshot
  private let optimizerCopy: SafetensorsSnapshot

  /// Takes the memory for copies of the trained tensors and the optimizer's. Throws `TorchError`.
  init(_ config: TrainingConfig, sites: [LoRASite], optimizer: any Optimizer) throws {
    self.sites = sites
    self.optimizer = optimizer
    adapterCopy = try AdapterFile.snapshot(
      sites, rank: config.rank, alpha: config.alpha, targets: config.loraTargets)
    optimizerCopy = try SafetensorsSnapshot(of: optimizer.state())
  }

  /// What a checkpoint with this state holds. Throws `TorchError`.
  func contents(_ state: TrainingState) throws -> CheckpointContents {
    try adapterCopy.take(AdapterFile.tensors(of: sites))
    try optimizerCopy.take(optimizer.state())
    return CheckpointContents(state: state, adapter: adapterCopy, optimizer: optimizerCopy)
  }
}
