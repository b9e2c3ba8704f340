import Adapters
import Foundation
import NN
import StableDiffusion
import Torch

/// A part of a checkpoint: tensors in a file of their own. They are copied between two steps,
/// written in the background, and restored when a run is resumed.
struct CheckpointPart {
  /// Name of the file in the checkpoint folder.
  let file: String

  private let tensors: () throws -> [(name: String, tensor: Tensor)]
  private let metadata: (TrainingState) throws -> [String: String]
  private let hashKey: String?
  private let snapshot: SafetensorsSnapshot
  private let restore: (URL) throws -> Void

  /// Creates a part. Its first copy allocates memory, which the next ones reuse.
  ///
  /// - Parameters:
  ///   - hashKey: The key in the metadata that gets the SHA-256 of the tensors.
  ///   - metadata: Returns the text in the file's header.
  ///   - tensors: Returns the current tensors.
  ///   - restore: Reads the values from a file. By default they are copied into the tensors.
  init(
    _ file: String, hashKey: String? = nil,
    metadata: @escaping (TrainingState) throws -> [String: String] = { _ in [:] },
    tensors: @escaping () throws -> [(name: String, tensor: Tensor)],
    restore: ((URL) throws -> Void)? = nil
  ) {
    self.file = file
    self.tensors = tensors
    self.metadata = metadata
    self.hashKey = hashKey
    snapshot = SafetensorsSnapshot(hashKey: hashKey)
    self.restore =
      restore ?? { url in
        let file = try SafetensorsFile(contentsOf: url)
        for (name, tensor) in try tensors() { try tensor.copy(from: file.tensor(name)) }
      }
  }

  /// Copies the tensors into the part's memory. The previous copy must be written by then. Throws
  /// `TorchError`.
  func copy(
    _ state: TrainingState
  ) throws -> (name: String, write: @Sendable (URL) throws -> Void) {
    try snapshot.take(tensors(), metadata: metadata(state))
    return (file, { [snapshot] in try snapshot.write(to: $0) })
  }

  /// The part as it is when it is written, without a copy.
  func current(_ state: TrainingState) -> CheckpointFile {
    (
      file,
      { [tensors, metadata, hashKey] url in
        try SafetensorsWriter.write(
          tensors(), metadata: metadata(state), hashKey: hashKey, to: url)
      }
    )
  }

  /// Restores the values from a checkpoint. Throws `CheckpointError.damaged`, `AdapterFileError`,
  /// `WeightsError`, `TorchError`.
  func restore(from checkpoint: CheckpointFolder) throws { try restore(checkpoint.url(of: file)) }
}

extension CheckpointPart {
  /// The adapters of a UNet, in kohya's form, which other programs load. A checkpoint of an earlier
  /// version has them in diffusers' form.
  ///
  /// - Parameters:
  ///   - layers: The layers of the base model.
  ///   - averages: The tensors to save in place of those of all sites; nil for these themselves.
  ///   - kinds: The kinds of adapters that a checkpoint may have.
  ///   - metadata: Returns the text in the file's header.
  static func adapter(
    _ sites: [AdapterSite], of layers: AdaptableLayers,
    averages: @escaping () throws -> [Tensor]? = { nil },
    kinds: [any AdapterKind.Type] = AdapterKinds.all,
    metadata: @escaping (TrainingState) throws -> [String: String]
  ) throws -> CheckpointPart {
    let adapters = try sites.map { site in
      guard let layer = layers.layer(site.path, in: .unet) else {
        throw AdapterError.noSuchTarget(site.path)
      }
      return (layer: layer, adapter: site.adapter)
    }
    let tensors = try adapters.flatMap { try $0.layer.kohyaTensors(of: $0.adapter) }
    func averaged(_ averages: [Tensor]) throws -> [(name: String, tensor: Tensor)] {
      var next = 0
      return try adapters.flatMap { layer, adapter in
        try layer.kohyaTensors(
          of: adapter.mapTensors { _ in
            defer { next += 1 }
            return averages[next]
          })
      }
    }
    return CheckpointPart(
      CheckpointFolder.adapterName, hashKey: AdapterFile.hashKey, metadata: metadata,
      tensors: { try averages().map(averaged) ?? tensors },
      restore: { url in
        let stored = try AdapterFile(contentsOf: url, kinds: kinds).adapters(for: layers)
        for (layer, adapter) in adapters {
          let read = stored[layer]?.tensors ?? []
          guard read.map(\.name) == adapter.tensors.map(\.name),
            read.map(\.tensor.shape) == adapter.tensors.map(\.tensor.shape)
          else {
            throw CheckpointError.damaged(
              folder: url.deletingLastPathComponent().relativePath,
              problem: "the adapter of \(layer.path) is not the run's")
          }
          for (own, stored) in zip(adapter.tensors, read) {
            try own.tensor.copy(from: stored.tensor)
          }
        }
      })
  }

  /// An optimizer's state.
  static func optimizer(_ optimizer: any Optimizer) -> CheckpointPart {
    CheckpointPart(
      "optimizer.safetensors", tensors: optimizer.state,
      restore: { url in
        let file = try SafetensorsFile(contentsOf: url)
        try optimizer.restore { try file.tensor($0) }
      })
  }
}
