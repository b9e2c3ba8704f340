import Foundation
public import StableDiffusion

/// What a run's arithmetic depends on besides its configuration, by content: the images with their
/// captions in order, and the base model's parts.
public struct RunIdentity: Codable, Sendable, Equatable {
  /// One image and its caption.
  public struct Image: Codable, Sendable, Equatable {
    /// The file's name.
    public var file: String
    /// The file's hash.
    public var sha256: String
    /// The caption that it is trained with.
    public var caption: String
  }

  /// In the order of training.
  public var images: [Image]
  /// The hash of each part's weights and configuration.
  public var model: [String: String]

  /// The identity of a dataset and a base model. Throws `FileAccessError`, `ModelError`,
  /// `WeightsError`.
  public init(dataset: Dataset, model: ModelDirectory, hashes: FileHashes) throws {
    images = try dataset.images.map { image in
      Image(
        file: image.name, sha256: try ContentHash.of(fileAt: image.url), caption: image.caption)
    }
    self.model = Dictionary(
      uniqueKeysWithValues: try ModelDirectory.Component.allCases.map { part in
        (part.rawValue, try hashes.hash(of: model.files(of: part)))
      })
    try hashes.save()
  }

  /// The hash of one part; the same for all models where it was not recorded.
  func hash(of part: ModelDirectory.Component) -> String { model[part.rawValue, default: ""] }

  /// What is different from a recorded identity, each in a few words.
  public func differences(from recorded: RunIdentity) -> [String] {
    var found: [String] = []
    let old = Dictionary(recorded.images.map { ($0.file, $0) }, uniquingKeysWith: { $1 })
    let new = Dictionary(images.map { ($0.file, $0) }, uniquingKeysWith: { $1 })
    for file in Set(old.keys).union(new.keys).sorted() {
      switch (old[file], new[file]) {
      case (.some, nil): found.append("image \(file): removed")
      case (nil, .some): found.append("image \(file): added")
      case (let before?, let after?):
        if before.sha256 != after.sha256 { found.append("image \(file): other content") }
        if before.caption != after.caption {
          found.append("caption of \(file): \"\(before.caption)\" -> \"\(after.caption)\"")
        }
      case (nil, nil): break
      }
    }
    for part in Set(recorded.model.keys).union(model.keys).sorted()
    where recorded.model[part] != model[part] {
      found.append("base model's \(part): other content")
    }
    return found
  }
}
