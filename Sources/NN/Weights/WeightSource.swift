public import Foundation
public import Torch

/// The tensors of one model, in one file or in the shards that an index lists.
public struct WeightSource {
  /// The file or index, for messages.
  public let url: URL
  /// The files that were opened: one, or the index and its shards.
  public let files: [URL]

  private let places: [String: (file: SafetensorsFile, name: String)]

  /// One file. Throws `WeightsError`.
  public init(file url: URL) throws {
    self.url = url
    files = [url]
    let file = try SafetensorsFile(contentsOf: url)
    places = Dictionary(uniqueKeysWithValues: file.names.map { ($0, (file, $0)) })
  }

  /// A model's folder as diffusers and transformers write it: `name.safetensors`, its shards under
  /// `name.safetensors.index.json`, or where neither is there the same of the `fp16` variant. Throws
  /// `WeightsError`.
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
    var places: [String: (file: SafetensorsFile, name: String)] = [:]
    for (name, shard) in map {
      guard let file = files[shard], file.shape(of: name) != nil else {
        throw WeightsError.noTensor(file: folder.appending(path: shard).relativePath, name: name)
      }
      places[name] = (file, name)
    }
    self.url = url
    self.files = [url] + files.values.map(\.url)
    self.places = places
  }

  private init(_ source: WeightSource, places: [String: (file: SafetensorsFile, name: String)]) {
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

  /// The shape of a tensor, or nil where there is none of that name.
  public func shape(of name: String) -> [Int]? {
    places[name].flatMap { $0.file.shape(of: $0.name) }
  }

  /// A tensor on the CPU. Throws `WeightsError.noTensor`, `TorchError`.
  public func tensor(_ name: String) throws -> Tensor {
    guard let place = places[name] else {
      throw WeightsError.noTensor(file: url.relativePath, name: name)
    }
    return try place.file.tensor(place.name)
  }
}
