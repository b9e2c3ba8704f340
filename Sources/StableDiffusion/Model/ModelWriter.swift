import Files
public import Foundation
import NN
public import Torch

/// Writes an SDXL model with changed weights. Each weight is read, changed and written before the
/// next one, so that memory holds one at a time.
public struct ModelWriter {
  /// Returns the new value of a weight, in its shape and any type; nil to keep it.
  public typealias Change = (
    _ part: ModelDirectory.Component, _ path: String, _ weight: Tensor
  ) throws -> Tensor?

  let model: ModelDirectory
  private let sources: [ModelDirectory.Component: WeightSource]
  private let dtype: DType?
  private let change: Change

  /// Opens the weights of a model. Throws `WeightsError`.
  ///
  /// - Parameter dtype: the type of all weights in the new model; nil for each weight's own.
  public init(_ model: ModelDirectory, dtype: DType?, change: @escaping Change) throws {
    self.model = model
    self.dtype = dtype
    self.change = change
    let parts: [ModelDirectory.Component] = [.unet, .vae, .textEncoder2]
    sources = try Dictionary(
      uniqueKeysWithValues: (parts + (model.textEncoder == nil ? [] : [.textEncoder])).map {
        ($0, try model.weightSource(of: $0))
      })
  }

  /// Writes a folder in diffusers' layout: weights, and the descriptions of the original model. It
  /// appears under its name when all of it is on the disk. Throws `FileAccessError`, `WeightsError`,
  /// `TorchError`, `ModelError`, and what `change` and `progress` throw.
  ///
  /// - Parameter progress: receives the written share, up to 1.
  public func writeFolder(_ url: URL, progress: (Double) throws -> Void) throws {
    let parts = try sources.map { part, source in
      (part, try source.names.map { try pending($0, [$0], .rows, of: part, source) })
    }
    var counter = Counter(total: parts.flatMap(\.1).reduce(0) { $0 + $1.size })
    try DurableFile.replaceFolder(url) { folder in
      try ModelDescription(model).write(to: folder)
      for (part, tensors) in parts {
        let place = folder.appending(path: part.rawValue)
        try DurableFile.makeFolder(place)
        try SafetensorsWriter.write(
          tensors, metadata: ["format": "pt"],
          to: place.appending(path: "\(part.weightsName).\(ModelDirectory.fileExtension)")
        ) { try progress(counter.add($0)) }
        try DurableFile.syncFolder(place)
      }
    }
  }

  /// Writes one file in the layout of SDXL's original implementation, which appears under its name
  /// when it is on the disk. If sizes of the model do not follow from its weights, a folder
  /// `model.config` beside `model.safetensors` describes it. Throws as
  /// ``writeFolder(_:progress:)``.
  public func writeFile(
    _ url: URL, metadata: [String: String], progress: (Double) throws -> Void
  ) throws {
    let layout = SingleFileLayout(model)
    var tensors = layout.marks.map { name in
      PendingTensor(name: name, dtype: .float32, shape: [0], make: { try .zeros([0]) })
    }
    for (part, source) in sources {
      let shapes = Dictionary(
        uniqueKeysWithValues: source.names.map { ($0, source.shape(of: $0) ?? []) })
      tensors += try layout.entries(shapes, of: part).map {
        try pending($0.name, $0.weights, $0.form, of: part, source)
      }
    }
    var counter = Counter(total: tensors.reduce(0) { $0 + $1.size })
    let description = SingleFileCheckpoint.configurations(of: url)
    let isNew = !DurableFile.exists(description)
    do {
      try DurableFile.replace(url) { temporary in
        try SafetensorsWriter.write(tensors, metadata: metadata, to: temporary) {
          try progress(counter.add($0))
        }
        // A description of an earlier file is replaced in any case.
        if try !isNew || !model.hasSizes(ofFile: temporary) {
          try DurableFile.replaceFolder(description) { try ModelDescription(model).write(to: $0) }
        }
      }
    } catch {
      if isNew { DurableFile.discard(description) }
      throw error
    }
  }

  private func pending(
    _ name: String, _ weights: [String], _ form: SingleFileLayout.Form,
    of part: ModelDirectory.Component, _ source: WeightSource
  ) throws -> PendingTensor {
    let shapes = weights.compactMap(source.shape)
    guard shapes.count == weights.count, let own = source.dtype(of: weights[0]) else {
      throw WeightsError.noTensor(file: source.url.relativePath, name: weights[0])
    }
    let dtype = dtype ?? own
    return PendingTensor(
      name: name, dtype: dtype, shape: form.shape(of: shapes),
      make: { [change] in
        let values = try weights.map { path in
          let weight = try source.tensor(path)
          return try (change(part, path, weight) ?? weight).to(dtype)
        }
        return try form.tensor(of: values)
      },
      release: { weights.forEach(source.release) })
  }

  private struct Counter {
    let total: Int
    private var done = 0

    init(total: Int) { self.total = total }

    /// The share after further bytes.
    mutating func add(_ bytes: Int) -> Double {
      done += bytes
      return Double(done) / Double(max(total, 1))
    }
  }
}
