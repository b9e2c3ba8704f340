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

extension AdapterKind {
  /// Whether a file has the adapter's own tensors.
  fileprivate var isStoredAsItIs: Bool {
    get throws {
      let (own, inFile) = (tensors, try stored().tensors)
      return own.count == inFile.count && zip(own, inFile).allSatisfy { $0.tensor === $1.tensor }
    }
  }
}

extension CheckpointPart {
  /// The adapters of a UNet, in kohya's form, which other programs load. A checkpoint of an earlier
  /// version has them in diffusers' form.
  ///
  /// - Parameters:
  ///   - file: The name of the file.
  ///   - encoders: The text encoders that have adapters too.
  ///   - layers: The layers of the base model.
  ///   - averages: The tensors to save in place of those of all sites; nil for these themselves.
  ///   - kinds: The kinds of adapters that a checkpoint may have.
  ///   - metadata: Returns the text in the file's header.
  static func adapter(
    _ sites: [AdapterSite], encoders: [TrainedEncoder] = [], of layers: AdaptableLayers,
    file: String = CheckpointFolder.adapterName,
    averages: @escaping () throws -> [Tensor]? = { nil },
    kinds: [any AdapterKind.Type] = AdapterKinds.all,
    metadata: @escaping (TrainingState) throws -> [String: String]
  ) throws -> CheckpointPart {
    let parts = [(ModelDirectory.Component.unet, sites)] + encoders.map { ($0.part, $0.sites) }
    let adapters = try parts.flatMap { part, sites in
      try sites.map { site in
        guard let layer = layers.layer(site.path, in: part) else {
          throw AdapterError.noSuchTarget(site.path)
        }
        return (layer: layer, adapter: site.adapter)
      }
    }
    func tensors() throws -> [(name: String, tensor: Tensor)] {
      try adapters.flatMap { try $0.layer.kohyaTensors(of: $0.adapter) }
    }
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
    // Made once where files have the trained tensors themselves, so that saving needs no memory.
    let kept = try adapters.allSatisfy { try $0.adapter.isStoredAsItIs } ? tensors() : nil
    return CheckpointPart(
      file, hashKey: AdapterFile.hashKey, metadata: metadata,
      tensors: { try averages().map(averaged) ?? kept ?? tensors() },
      restore: { url in
        guard !adapters.isEmpty else { return }
        let stored = try AdapterFile(contentsOf: url, kinds: kinds).adapters(for: layers)
        for (layer, adapter) in adapters {
          guard let read = stored[layer], try adapter.restore(from: read) else {
            throw CheckpointError.damaged(
              folder: url.deletingLastPathComponent().relativePath,
              problem: "the adapter of \(layer.path) is not the run's")
          }
        }
      })
  }

  /// The vectors of a new word, in the form that other programs read.
  ///
  /// - Parameter averages: The values of all trained tensors to save in place of their own, of which the
  ///   vectors are the last; nil for these themselves.
  static func embedding(
    _ word: TrainedWord, averages: @escaping () throws -> [Tensor]?
  ) -> CheckpointPart {
    CheckpointPart(
      CheckpointFolder.embeddingName,
      metadata: { _ in ["format": "pt", TextualInversion.wordKey: word.word] },
      tensors: {
        let vectors = try averages()?.suffix(word.vectors.count) ?? word.vectors[...]
        return Array(zip(TextualInversion.fileNames, vectors))
      },
      restore: { url in
        let file = try SafetensorsFile(contentsOf: url)
        try noGrad {
          for (name, vectors) in zip(TextualInversion.fileNames, word.vectors) {
            try vectors.copy(from: file.tensor(name))
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
