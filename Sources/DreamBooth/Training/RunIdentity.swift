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
  /// The class images of prior preservation; nil where there are none, and before they are drawn.
  public var classImages: [Image]?
  /// The pictures that are kept from training; nil where there are none. The arithmetic does not
  /// depend on them, but what their losses say does.
  public var heldOut: [Image]?
  /// The hash of each part's weights and configuration.
  public var model: [String: String]

  private enum CodingKeys: String, CodingKey {
    case images
    case classImages = "class_images"
    case heldOut = "held_out"
    case model
  }

  /// The identity of a dataset and a base model. Throws `FileAccessError`, `ModelError`,
  /// `WeightsError`.
  public init(
    dataset: Dataset, classImages: ClassImages? = nil, heldOut: Dataset? = nil,
    model: ModelDirectory, hashes: FileHashes
  ) throws {
    images = try dataset.images.map { try Image($0) }
    if case .found(let dataset) = classImages {
      self.classImages = try dataset.images.map { try Image($0) }
    }
    self.heldOut = try heldOut?.images.map { try Image($0) }
    self.model = Dictionary(
      uniqueKeysWithValues: try ModelDirectory.Component.allCases.map { part in
        (part.rawValue, try hashes.hash(of: model.files(of: part)))
      })
    try hashes.save()
  }

  /// The hash of one part; the same for all models where it was not recorded.
  func hash(of part: ModelDirectory.Component) -> String { model[part.rawValue, default: ""] }

  /// What is different from a recorded identity, each in a few words. Class images are compared once
  /// they are there; whether there are any is a matter of the configuration.
  public func differences(from recorded: RunIdentity) -> [String] {
    var found = Image.differences(of: images, from: recorded.images, kind: "image")
    for part in Set(recorded.model.keys).union(model.keys).sorted()
    where recorded.model[part] != model[part] {
      found.append("base model's \(part): other content")
    }
    return found + classImageDifferences(from: recorded)
  }

  /// What is different in class images that are there in both.
  func classImageDifferences(from recorded: RunIdentity) -> [String] {
    guard let classImages, let old = recorded.classImages else { return [] }
    return Image.differences(of: classImages, from: old, kind: "class image")
  }

  /// What is different in held-out pictures that are there in both.
  func heldOutDifferences(from recorded: RunIdentity) -> [String] {
    guard let heldOut, let old = recorded.heldOut else { return [] }
    return Image.differences(of: heldOut, from: old, kind: "held-out picture")
  }
}

extension RunIdentity.Image {
  /// The identity of an image, of another name than its file's where one is given. Throws
  /// `FileAccessError`.
  init(_ image: DatasetImage, name: String? = nil) throws {
    file = name ?? image.name
    sha256 = try ContentHash.of(fileAt: image.url)
    caption = image.caption
  }

  /// What is different in images from those recorded, each in a few words.
  static func differences(of images: [Self], from recorded: [Self], kind: String) -> [String] {
    var found: [String] = []
    let old = Dictionary(recorded.map { ($0.file, $0) }, uniquingKeysWith: { $1 })
    let new = Dictionary(images.map { ($0.file, $0) }, uniquingKeysWith: { $1 })
    for file in Set(old.keys).union(new.keys).sorted() {
      switch (old[file], new[file]) {
      case (.some, nil): found.append("\(kind) \(file): removed")
      case (nil, .some): found.append("\(kind) \(file): added")
      case (let before?, let after?):
        if before.sha256 != after.sha256 { found.append("\(kind) \(file): other content") }
        if before.caption != after.caption {
          let owner = kind == "image" ? file : "\(kind) \(file)"
          found.append("caption of \(owner): \"\(before.caption)\" -> \"\(after.caption)\"")
        }
      case (nil, nil): break
      }
    }
    return found
  }
}
