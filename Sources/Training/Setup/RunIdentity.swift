public import Datasets
public import Files
import Foundation
import NN
import Options
public import StableDiffusion

/// Everything besides the configuration that decides a run's results, by content: the images with
/// their captions, in order, and the parts of the base model.
public struct RunIdentity: Codable, Sendable, Equatable {
  /// One image and its caption.
  public struct Image: Codable, Sendable, Equatable {
    /// Name of the file.
    public var file: String
    /// SHA-256 of the file.
    public var sha256: String
    /// The caption, or the first of several.
    public var caption: String
    /// All captions; nil for a single one.
    public var captions: [String]?
    /// SHA-256 of the mask file, or `alpha`; nil without a mask.
    public var mask: String?
    /// Focus point of the crop, as fractions of width and height; nil if it is not set.
    public var focus: [Double]?
    /// How often it occurs in an epoch; nil for once.
    public var repeats: Int?
    /// The colour profile from which its colours are converted to sRGB; nil for sRGB or none. Runs
    /// of builds without lcms2 have nil.
    public var colors: String?
  }

  /// The subject's images, in the order of the dataset.
  public var images: [Image]
  /// The class images of prior preservation; nil without, and before they are drawn.
  public var classImages: [Image]?
  /// The validation images; nil without. They do not change the training, but their losses are
  /// comparable only while they stay the same.
  public var validation: [Image]?
  /// SHA-256 of the adapter that the training started from; nil for new adapters.
  public var initialAdapter: String?
  /// The words for the subject and its class, if the base model's predictions for the class are kept; nil
  /// otherwise, and if the class has no word.
  public var classWords: ClassWords?
  /// The hash of the weights and configuration of each part of the base model.
  public var model: [String: String]

  private enum CodingKeys: String, CodingKey {
    case images
    case classImages = "class_images"
    case validation = "held_out"
    case initialAdapter = "init_lora"
    case classWords = "class_words"
    case model
  }

  /// The identity of a dataset and a base model. Throws `FileAccessError`, `ModelError`,
  /// `WeightsError`.
  ///
  /// - Parameters:
  ///   - masks: Whether masks are used.
  ///   - hashes: The known hashes of files. Hashing a model's files may take minutes.
  public init(
    dataset: Dataset, classImages: ClassImages? = nil, validation: Dataset? = nil,
    masks: Bool = true, model: ModelDirectory, hashes: FileHashes
  ) throws {
    try self.init(dataset: dataset, classImages: classImages, validation: validation, masks: masks)
    try add(model, hashes: hashes)
  }

  /// The identity of a dataset alone. Throws `FileAccessError`.
  init(
    dataset: Dataset, classImages: ClassImages?, validation: Dataset?, masks: Bool
  ) throws {
    func identities(_ dataset: Dataset) throws -> [Image] {
      try dataset.images.map { try Image($0, masks: masks) }
    }
    images = try identities(dataset)
    if case .found(let dataset) = classImages { self.classImages = try identities(dataset) }
    self.validation = try validation.map(identities)
    model = [:]
  }

  /// Adds the base model. Throws `FileAccessError`, `ModelError`, `WeightsError`.
  mutating func add(_ model: ModelDirectory, hashes: FileHashes) throws {
    self.model = try Self.hashes(of: model, hashes)
    try hashes.save()
  }

  /// The hash of each part of a base model.
  private static func hashes(
    of model: ModelDirectory, _ hashes: FileHashes
  ) throws -> [String: String] {
    Dictionary(
      uniqueKeysWithValues: try ModelDirectory.Component.allCases.map { part in
        (part.rawValue, try model.contentHash(of: part, hashes))
      })
  }

  /// The hash of a part; empty if it was not recorded.
  func hash(of part: ModelDirectory.Component) -> String { model[part.rawValue, default: ""] }

  /// The differences from a recorded identity. Class images are compared only if both have some;
  /// whether there are any is part of the configuration.
  ///
  /// - Parameter files: Images that are not compared.
  public func differences(
    from recorded: RunIdentity, besides files: Set<String> = []
  ) -> [TrainingDifference] {
    func compared(_ images: [Image]) -> [Image] { images.filter { !files.contains($0.file) } }
    return Image.differences(of: compared(images), from: compared(recorded.images), kind: "image")
      + Self.differences(of: model, from: recorded.model) + classImageDifferences(from: recorded)
      + adapterDifferences(from: recorded) + wordDifferences(from: recorded)
  }

  /// The differences of a base model from the one that was trained on. Throws `FileAccessError`,
  /// `ModelError`, `WeightsError`.
  package func differences(
    of model: ModelDirectory, hashes: FileHashes
  ) throws -> [TrainingDifference] {
    Self.differences(of: try Self.hashes(of: model, hashes), from: self.model)
  }

  /// The differences in the parts of a base model.
  private static func differences(
    of model: [String: String], from recorded: [String: String]
  ) -> [TrainingDifference] {
    Set(recorded.keys).union(model.keys).sorted().filter { recorded[$0] != model[$0] }.map { part in
      TrainingDifference(
        "model",
        "base model's \(part): content \(short(recorded[part])) -> \(short(model[part]))")
    }
  }

  /// The difference in the adapter that the training started from, if both identities have one.
  private func adapterDifferences(from recorded: RunIdentity) -> [TrainingDifference] {
    guard let initialAdapter, let old = recorded.initialAdapter, old != initialAdapter else {
      return []
    }
    let key = TrainingConfig.schema.key(of: \.$initLora)
    return [TrainingDifference(key, "\(key): content \(short(old)) -> \(short(initialAdapter))")]
  }

  /// The difference in the words for subject and class, if both identities have them.
  private func wordDifferences(from recorded: RunIdentity) -> [TrainingDifference] {
    guard let classWords, let old = recorded.classWords, old != classWords else { return [] }
    return [
      TrainingDifference(
        "captions",
        "words for subject and class: \(old.subject), \(old.subjectClass) -> \(classWords.subject), "
          + classWords.subjectClass)
    ]
  }

  /// The differences in class images, if both identities have some.
  func classImageDifferences(from recorded: RunIdentity) -> [TrainingDifference] {
    guard let classImages, let old = recorded.classImages else { return [] }
    return Image.differences(of: classImages, from: old, kind: "class image").map {
      TrainingDifference("class_images", $0.description)
    }
  }

  /// The differences in validation images, if both identities have some.
  func validationDifferences(from recorded: RunIdentity) -> [TrainingDifference] {
    guard let validation, let old = recorded.validation else { return [] }
    return Image.differences(of: validation, from: old, kind: "validation image")
  }
}

extension RunIdentity.Image {
  /// The identity of an image. Throws `FileAccessError`.
  ///
  /// - Parameters:
  ///   - name: A name to use instead of the file's.
  ///   - masks: Whether masks are used.
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
    colors = image.convertedProfile
  }

  /// The differences of images from recorded ones.
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

  /// The differences of an image from a recorded one of the same name.
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
    compare("dataset", "colours of \(owner):", text(old.colors), text(colors))
    return found
  }

  private func text(_ profile: String?) -> String {
    profile.map { "converted to sRGB from \($0)" } ?? "read as sRGB"
  }

  private func text(_ focus: [Double]?) -> String { focus.map { "\($0)" } ?? "none" }
}

/// The first eight digits of a hash, which distinguish two hashes in a message.
private func short(_ hash: String?) -> String { hash.map { String($0.prefix(8)) } ?? "none" }
