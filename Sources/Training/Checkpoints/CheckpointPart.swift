import Adapters
import Foundation
import NN
import Torch

/// Tensors that a checkpoint keeps in a file of its own: how they are copied between two steps, written,
/// and taken back when a run is resumed.
struct CheckpointPart {
  /// The file in the checkpoint's folder.
  let file: String

  private let tensors: () throws -> [(name: String, tensor: Tensor)]
  private let snapshot: SafetensorsSnapshot
  private let restore: (SafetensorsFile) throws -> Void

  /// Takes the memory for a copy. Throws `TorchError`.
  ///
  /// - Parameters:
  ///   - tensors: gives the tensors as they are when it is called.
  ///   - restore: takes their values over from a file; by default into the tensors themselves.
  init(
    _ file: String, metadata: [String: String] = [:],
    tensors: @escaping () throws -> [(name: String, tensor: Tensor)],
    restore: ((SafetensorsFile) throws -> Void)? = nil
  ) throws {
    try self.init(
      file, snapshot: SafetensorsSnapshot(of: tensors(), metadata: metadata), tensors: tensors,
      restore: restore)
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

  /// Copies the tensors into the memory that each copy uses again, once the one before is written.
  /// Throws `TorchError`.
  func copy() throws -> CheckpointFile {
    try snapshot.take(tensors())
    return CheckpointFile(name: file) { [snapshot] in try snapshot.write(to: $0) }
  }

  /// Takes the values of a checkpoint over. Throws `CheckpointError.damaged` where it lacks the file,
  /// `WeightsError`, `TorchError`.
  func restore(from checkpoint: CheckpointFolder) throws {
    try restore(SafetensorsFile(contentsOf: checkpoint.url(of: file)))
  }
}

extension CheckpointPart {
  /// The adapters of a UNet, in a file that other programs load as it is.
  static func adapter(_ sites: [AdapterSite], _ config: TrainingConfig) throws -> CheckpointPart {
    CheckpointPart(
      CheckpointFolder.adapterName,
      snapshot: try AdapterFile.snapshot(
        sites, rank: config.rank, alpha: config.alpha, targets: config.loraTargets),
      tensors: { AdapterFile.tensors(of: sites) }, restore: nil)
  }

  /// An optimizer's state.
  static func optimizer(_ optimizer: any Optimizer) throws -> CheckpointPart {
    try CheckpointPart(
      "optimizer.safetensors", tensors: optimizer.state,
      restore: { file in try optimizer.restore { try file.tensor($0) } })
  }
}
