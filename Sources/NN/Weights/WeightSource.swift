public import Foundation
public import Torch

/// The tensors of one model, in one file or in the shards of an index.
public struct WeightSource {
  /// The file or index, for messages.
  public let url: URL
  /// The opened files: one, or the index and its shards.
  public let files: [URL]

  private let places: [String: Place]

  /// Where a tensor is.
  private struct Place {
    let file: SafetensorsFile
    let name: String
    var view = TensorView.whole
  }

  /// One file. Throws `WeightsError`.
  public init(file url: URL) throws {
    self.url = url
    files = [url]
    let file = try SafetensorsFile(contentsOf: url)
    places = Dictionary(uniqueKeysWithValues: file.names.map { ($0, Place(file: file, name: $0)) })
  }

  /// A model's folder as diffusers and transformers write it: `name.safetensors`, its shards under
  /// `name.safetensors.index.json`, or else the same of the `fp16` variant. Throws `WeightsError`.
  public init(directory: URL, name: String) throws {
    let single = ["\(name).safetensors", "\(name).fp16.safetensors"]
    let index = ["\(name).safetensors.index.json", "\(name).safetensors.index.fp16.json"]
    for variant in 0..<2 {
      let file = directory.appending(path: single[variant])
      if FileManager.default.fileExists(atPath: file.path) {
        try self.init(file: file)
        return
      }
      let list = directory.appending(path: index[variant])
      if FileManager.default.fileExists(atPath: list.path) {
        try self.init(index: list)
        return
      }
    }
    if let pickle = Pickle.file(named: name, in: directory) {
      throw WeightsError.pickled(file: pickle.relativePath)
    }
    throw WeightsError.noFile(folder: directory.relativePath, name: name)
  }

  private init(index url: URL) throws {
    struct Index: Decodable { let weight_map: [String: String] }
    let map: [String: String]
    do {
      map = try JSONDecoder().decode(Index.self, from: Data(contentsOf: url)).weight_map
    } catch {
      throw WeightsError.malformed(file: url.relativePath, problem: "it lists no shards of a model")
    }
    let folder = url.deletingLastPathComponent()
    var files: [String: SafetensorsFile] = [:]
    for shard in Set(map.values) {
      files[shard] = try SafetensorsFile(contentsOf: folder.appending(path: shard))
    }
    var places: [String: Place] = [:]
    for (name, shard) in map {
      guard let file = files[shard], file.shape(of: name) != nil else {
        throw WeightsError.noTensor(file: folder.appending(path: shard).relativePath, name: name)
      }
      places[name] = Place(file: file, name: name)
    }
    self.url = url
    self.files = [url] + files.values.map(\.url)
    self.places = places
  }

  private init(_ source: WeightSource, places: [String: Place]) {
    url = source.url
    files = source.files
    self.places = places
  }

  /// The names of the tensors.
  public var names: Set<String> { Set(places.keys) }

  /// The same tensors under other names.
  public func renamed(_ rename: (String) -> String) -> WeightSource {
    WeightSource(
      self,
      places: Dictionary(
        places.map { (rename($0.key), $0.value) }, uniquingKeysWith: { first, _ in first }))
  }

  /// The same tensors without those of some names.
  public func without(_ names: Set<String>) -> WeightSource {
    WeightSource(self, places: places.filter { !names.contains($0.key) })
  }

  /// The tensors whose names begin with a prefix, under the rest of their names.
  public func below(_ prefix: String) -> WeightSource {
    WeightSource(
      self,
      places: Dictionary(
        uniqueKeysWithValues: places.compactMap { name, place in
          name.hasPrefix(prefix) ? (String(name.dropFirst(prefix.count)), place) : nil
        }))
  }

  /// The same tensors under a model's names and in its shapes. `weights` returns the weight or
  /// weights that a tensor contains; no two may have the same name.
  public func mapped(
    _ weights: (_ name: String) -> [(name: String, view: TensorView)]
  ) -> WeightSource {
    WeightSource(
      self,
      places: Dictionary(
        places.flatMap { name, place in
          weights(name).map { ($0.name, Place(file: place.file, name: place.name, view: $0.view)) }
        }, uniquingKeysWith: { first, _ in first }))
  }

  /// The shape of a tensor, or nil if no tensor has that name.
  public func shape(of name: String) -> [Int]? {
    places[name].flatMap { place in place.file.shape(of: place.name).map(place.view.shape) }
  }

  /// The element type of a tensor, or nil if no tensor has that name.
  package func dtype(of name: String) -> DType? {
    places[name].flatMap { $0.file.dtype(of: $0.name) }
  }

  /// A tensor on the CPU. Throws `WeightsError.noTensor`, `TorchError`.
  public func tensor(_ name: String) throws -> Tensor {
    let place = try place(of: name)
    return try place.view.tensor(of: place.file.tensor(place.name))
  }

  /// As ``tensor(_:)``. The tensor's pages leave memory when nothing uses the result any more.
  func borrowed(_ name: String) throws -> Tensor {
    let place = try place(of: name)
    return try place.view.tensor(of: place.file.borrowed(place.name))
  }

  /// Starts to read the pages of a tensor.
  func prefetch(_ name: String) {
    if let place = places[name] { place.file.prefetch(place.name) }
  }

  private func place(of name: String) throws -> Place {
    guard let place = places[name] else {
      throw WeightsError.noTensor(file: url.relativePath, name: name)
    }
    return place
  }

  /// Whether `tensor(_:)` returns the file's own memory for a name, not a copy.
  func isMapped(_ name: String) -> Bool {
    guard let place = places[name] else { return false }
    return place.view != .transposed && place.file.isAligned(place.name)
  }

  /// Lets the pages of a tensor's file leave memory until they are read again.
  package func release(_ name: String) {
    guard let place = places[name] else { return }
    place.file.release(place.name)
  }
}
