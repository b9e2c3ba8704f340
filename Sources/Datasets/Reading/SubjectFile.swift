import Foundation
import Options
import Yams

/// The options that `subject.yaml` sets.
struct SubjectFile: Decodable, Equatable {
  /// A point for all images, or points for single images by name.
  enum Focus: Decodable, Equatable {
    case all(FocusPoint)
    case byName([String: FocusPoint])
  }

  var trigger: String?
  var classWord: String?
  var caption: String?
  var repeats: Int?
  var focus: Focus?
  var folders: [SubjectFolder]?
  var priorImages: Int?
  var classPrompts: [String]?
  var exclude: [String]?

  enum CodingKeys: String, CodingKey, CaseIterable {
    case trigger, caption, repeats, focus, folders, exclude
    case classWord = "class_word"
    case priorImages = "prior_images"
    case classPrompts = "class_prompts"
  }

  /// Reads the file. Throws `ConfigError` if it is broken, sets an option that does not exist, or
  /// sets one to a value that is not allowed.
  init(contentsOf url: URL) throws(ConfigError) {
    try self.init(ConfigFile(contentsOf: url, keys: Self.keys, foreign: Self.foreign))
  }

  /// The options that a file may set.
  static var keys: [String] { CodingKeys.allCases.map(\.rawValue) }

  /// Reads the values of a file. Throws `ConfigError` for one that is not allowed.
  init(_ yaml: ConfigFile) throws(ConfigError) {
    try Self.checkFolders(in: yaml)
    self = try yaml.decode(SubjectFile.self)
    func require(
      _ isAllowed: Bool, _ key: CodingKeys, _ found: String, _ allowed: String
    ) throws(ConfigError) {
      guard !isAllowed else { return }
      throw .invalidValue(
        key: key.rawValue, origin: .file(yaml.name, line: yaml.lines[key.rawValue]), found: found,
        allowed: allowed)
    }
    if let priorImages {
      try require(
        Subject.priorImagesRange.contains(priorImages), .priorImages, "\(priorImages)",
        wholeNumber(in: Subject.priorImagesRange))
    }
    if let classPrompts {
      try require(
        Subject.areClassPrompts(classPrompts), .classPrompts, "\(classPrompts)",
        Subject.classPromptsAllowed)
    }
    let range = KohyaFolder.repeatsRange
    if let repeats {
      try require(range.contains(repeats), .repeats, "\(repeats)", wholeNumber(in: range))
    }
    for folder in folders ?? [] {
      let repeats = folder.repeats ?? 1
      try require(
        range.contains(repeats), .folders, "repeats: \(repeats) for \(folder.path)",
        wholeNumber(in: range))
      let caption = folder.caption ?? "-"
      try require(
        !caption.allSatisfy(\.isWhitespace), .folders, "a blank caption for \(folder.path)",
        "a list of folders, each with a path and optional repeats and caption")
    }
  }

  private static func checkFolders(in yaml: ConfigFile) throws(ConfigError) {
    let known = SubjectFolder.CodingKeys.allCases.map(\.rawValue)
    let key = CodingKeys.folders.rawValue
    guard let node = yaml.values[key], !node.isNull else { return }
    for folder in node.sequence ?? [node] where folder.mapping == nil || node.sequence == nil {
      throw .invalidValue(
        key: key, origin: .file(yaml.name, line: folder.mark?.line ?? yaml.lines[key]),
        found: folder.summary, allowed: "a list of folders such as {path: closeups, repeats: 3}")
    }
    for folder in node.sequence ?? [] {
      for (key, _) in folder.mapping ?? [:] {
        let found = key.scalar?.string ?? ""
        guard !known.contains(found) else { continue }
        throw .unknownKey(
          found, file: yaml.name, line: key.mark?.line ?? yaml.lines[CodingKeys.folders.rawValue],
          foreign: foreign(found), nearest: nearestName(to: found, in: known), known: known)
      }
    }
  }
}

extension SubjectFile {
  /// What an option of sd-scripts is here, and where an option of a training belongs.
  static func foreign(_ name: String) -> ForeignName? {
    let key = foreignKey(name)
    if let counterpart = kohya[key] {
      return ForeignName(name, of: "sd-scripts", is: counterpart)
    }
    return trainingOptions.contains(key)
      ? ForeignName(name, belongsIn: "a configuration file, such as Configs/default.yaml") : nil
  }

  private static let kohya = [
    "num_repeats": "`repeats`", "image_dir": "`folders`",
    "class_tokens": "`trigger` and `class_word`",
  ]

  /// Options of a training that are often taken for those of a subject.
  static let trainingOptions: Set<String> = [
    "model", "steps", "epochs", "rank", "alpha", "learning_rate", "batch_size", "seed", "precision",
    "resolution", "bucket_step", "upscale", "crop", "flip", "masks", "mask_floor", "caption_prefix",
    "caption_suffix", "caption_shuffle", "caption_dropout", "keep_tokens", "empty_captions",
    "sample_prompts", "sample_every", "prior_folder", "validation_images", "validation_dataset",
  ]
}

extension SubjectFile.Focus {
  init(from decoder: any Decoder) throws {
    let value = try decoder.singleValueContainer()
    let refusal = DecodingError.dataCorruptedError(
      in: value,
      debugDescription: "two numbers from 0 to 1, such as [0.5, 0.3], for all images, or one such "
        + "pair for each image name")
    func point(_ shares: [Double]) throws -> FocusPoint {
      guard let point = FocusPoint(shares) else { throw refusal }
      return point
    }
    if let shares = try? value.decode([Double].self) {
      self = .all(try point(shares))
    } else if let named = try? value.decode([String: [Double]].self) {
      self = .byName(try named.mapValues(point))
    } else {
      throw refusal
    }
  }
}

/// A folder with more images, listed in `subject.yaml`.
public struct SubjectFolder: Sendable, Equatable, Decodable {
  /// Its path, absolute or relative to the dataset folder.
  public let path: String
  /// How often an epoch repeats its images; nil: the number in its name, else 1.
  public let repeats: Int?
  /// Caption of its images without one; nil: the caption in its name, else the subject's.
  public let caption: String?

  /// A folder to read besides the dataset folder.
  public init(path: String, repeats: Int? = nil, caption: String? = nil) {
    self.path = path
    self.repeats = repeats
    self.caption = caption
  }

  enum CodingKeys: String, CodingKey, CaseIterable {
    case path, repeats, caption
  }
}
