public import Datasets
public import Files
import Foundation
import NN
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
    /// The caption that it is trained with, the first where there are several.
    public var caption: String
    /// All captions; nil where there is one.
    public var captions: [String]?
    /// The hash of the mask's file, or `alpha`; nil where all of the image counts.
    public var mask: String?
    /// Where its crop is, as shares of width and height; nil where nothing is said.
    public var focus: [Double]?
    /// How often an epoch has it; nil: once.
    public var repeats: Int?
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
  ///
  /// - Parameters:
  ///   - masks: whether masks are used.
  ///   - hashes: the hashes of the model's files, which may take minutes where they are not known yet.
  public init(
    dataset: Dataset, classImages: ClassImages? = nil, heldOut: Dataset? = nil,
    masks: Bool = true, model: ModelDirectory, hashes: FileHashes
  ) throws {
    try self.init(dataset: dataset, classImages: classImages, heldOut: heldOut, masks: masks)
    try add(model, hashes: hashes)
  }

  /// The identity of a dataset alone. Throws `FileAccessError`.
  init(
    dataset: Dataset, classImages: ClassImages?, heldOut: Dataset?, masks: Bool
  ) throws {
    func identities(_ dataset: Dataset) throws -> [Image] {
      try dataset.images.map { try Image($0, masks: masks) }
    }
    images = try identities(dataset)
    if case .found(let dataset) = classImages { self.classImages = try identities(dataset) }
    self.heldOut = try heldOut.map(identities)
    model = [:]
  }

  /// Adds the base model. Throws `FileAccessError`, `ModelError`, `WeightsError`.
  mutating func add(_ model: ModelDirectory, hashes: FileHashes) throws {
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
  public func differences(from recorded: RunIdentity) -> [TrainingDifference] {
    var found = Image.differences(of: images, from: recorded.images, kind: "image")
    for part in Set(recorded.model.keys).union(model.keys).sorted()
    where recorded.model[part] != model[part] {
      found.append(
        TrainingDifference(
          "model",
          "base model's \(part): content \(short(recorded.model[part])) -> \(short(model[part]))"))
    }
    return found + classImageDifferences(from: recorded)
  }

  /// What is different in class images that are there in both.
  func classImageDifferences(from recorded: RunIdentity) -> [TrainingDifference] {
    guard let classImages, let old = recorded.classImages else { return [] }
    return Image.differences(of: classImages, from: old, kind: "class image").map {
      TrainingDifference("class_images", $0.description)
    }
  }

  /// What is different in held-out pictures that are there in both.
  func heldOutDifferences(from recorded: RunIdentity) -> [TrainingDifference] {
    guard let heldOut, let old = recorded.heldOut else { return [] }
    return Image.differences(of: heldOut, from: old, kind: "held-out picture")
  }
}

extension RunIdentity.Image {
  /// The identity of an image, of another name than its own where one is given. Throws
  /// `FileAccessError`.
  ///
  /// - Parameter masks: whether masks are used.
  init(_ image: DatasetImage, name: String? = nil, masks: Bool) throws {
    file = name ?? image.name
    sha256 = try ContentHash.of(fileAt: image.url)
    caption = image.caption
    captions = image.captions.count > 1 ? image.captions : nil
    mask =
      switch masks ? image.mask : nil {
      case .file(let url): try ContentHash.of(fileAt: url)
      case .alpha: "alpha"
      case nil: nil
      }
    focus = image.focus.map { [$0.x, $0.y] }
    repeats = image.repeats == 1 ? nil : image.repeats
  }

  /// What is different in images from those recorded, each in a few words.
  static func differences(
    of images: [Self], from recorded: [Self], kind: String
  ) -> [TrainingDifference] {
    var found: [TrainingDifference] = []
    let old = Dictionary(recorded.map { ($0.file, $0) }, uniquingKeysWith: { $1 })
    let new = Dictionary(images.map { ($0.file, $0) }, uniquingKeysWith: { $1 })
    for file in Set(old.keys).union(new.keys).sorted() {
      switch (old[file], new[file]) {
      case (.some, nil): found.append(TrainingDifference("dataset", "\(kind) \(file): removed"))
      case (nil, .some): found.append(TrainingDifference("dataset", "\(kind) \(file): added"))
      case (let before?, let after?):
        found += after.differences(from: before, kind: kind)
      case (nil, nil): break
      }
    }
    return found
  }

  /// What is different in an image of the same name.
  private func differences(from old: Self, kind: String) -> [TrainingDifference] {
    var found: [TrainingDifference] = []
    let owner = kind == "image" ? file : "\(kind) \(file)"
    func compare(_ key: String, _ what: String, _ before: String, _ after: String) {
      guard before != after else { return }
      found.append(TrainingDifference(key, "\(what) \(before) -> \(after)"))
    }
    if old.sha256 != sha256 {
      compare("dataset", "\(kind) \(file): content", short(old.sha256), short(sha256))
    }
    if old.caption != caption {
      compare("captions", "caption of \(owner):", "\"\(old.caption)\"", "\"\(caption)\"")
    } else {
      compare(
        "captions", "alternative captions of \(owner):", "\(old.captions ?? [])",
        "\(captions ?? [])")
    }
    compare("dataset", "mask of \(owner):", short(old.mask), short(mask))
    compare("dataset", "focus of \(owner):", text(old.focus), text(focus))
    compare("dataset", "repeats of \(owner):", "\(old.repeats ?? 1)", "\(repeats ?? 1)")
    return found
  }

  private func text(_ focus: [Double]?) -> String { focus.map { "\($0)" } ?? "none" }
}

/// The beginning of a hash, enough to tell two apart.
private func short(_ hash: String?) -> String { hash.map { String($0.prefix(8)) } ?? "none" }
