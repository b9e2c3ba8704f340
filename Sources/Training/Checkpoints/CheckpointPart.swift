import Adapters
import Foundation
import NN
import Torch

/// A part of a checkpoint: tensors in a file of their own. They are copied between two steps,
/// written in the background, and restored when a run is resumed.
struct CheckpointPart {
  /// Name of the file in the checkpoint folder.
  let file: String

  private let tensors: () throws -> [(name: String, tensor: Tensor)]
  private let snapshot: SafetensorsSnapshot
  private let restore: (SafetensorsFile) throws -> Void

  /// Creates a part. Its first copy allocates memory, which the next ones reuse.
  ///
  /// - Parameters:
  ///   - tensors: Returns the current tensors.
  ///   - restore: Reads the values from a file. By default they are copied into the tensors.
  init(
    _ file: String, metadata: [String: String] = [:],
    tensors: @escaping () throws -> [(name: String, tensor: Tensor)],
    restore: ((SafetensorsFile) throws -> Void)? = nil
  ) {
    self.init(
      file, snapshot: SafetensorsSnapshot(metadata: metadata), tensors: tensors, restore: restore)
  }

  private init(
    _ file: String, snapshot: SafetensorsSnapshot,
    tensors: @escaping () throws -> [(name: String, tensor: Tensor)],
    restore: ((SafetensorsFile) throws -> Void)?
  ) {
    self.file = file
    self.tensors = tensors
    self.snapshot = snapshot
    self.restore =
      restore ?? { file in
        for (name, tensor) in try tensors() { try tensor.copy(from: file.tensor(name)) }
      }
  }

  /// Copies the tensors into the part's memory. The previous copy must be written by then. Throws
  /// `TorchError`.
  func copy() throws -> CheckpointFile {
    try snapshot.take(tensors())
    return CheckpointFile(name: file) { [snapshot] in try snapshot.write(to: $0) }
  }

  /// Restores the values from a checkpoint. Throws `CheckpointError.damaged`, `WeightsError`,
  /// `TorchError`.
  func restore(from checkpoint: CheckpointFolder) throws {
    try restore(SafetensorsFile(contentsOf: checkpoint.url(of: file)))
  }
}

extension CheckpointPart {
  /// The adapters of a UNet, in a file that other programs load.
  static func adapter(_ sites: [AdapterSite], _ config: TrainingConfig) throws -> CheckpointPart {
    CheckpointPart(
      CheckpointFolder.adapterName,
      snapshot: try AdapterFile.snapshot(
        rank: config.rank, alpha: config.alpha, targets: config.loraTargets),
      tensors: { AdapterFile.tensors(of: sites) }, restore: nil)
  }

  /// An optimizer's state.
  static func optimizer(_ optimizer: any Optimizer) -> CheckpointPart {
    CheckpointPart(
      "optimizer.safetensors", tensors: optimizer.state,
      restore: { file in try optimizer.restore { try file.tensor($0) } })
  }
}
