import Foundation
public import StableDiffusion

/// Something about a dataset that the user should know before training starts.
public struct DatasetProblem: Sendable, Equatable, CustomStringConvertible {
  /// The files it is about, in the dataset folder; empty: the dataset as a whole.
  public let files: [String]
  /// What was found and what happens with it.
  public let text: String

  init(_ files: [String], _ text: String) {
    self.files = files
    self.text = text
  }

  /// A text that is longer than the text encoders read; nil for one that is not.
  static func truncation(
    of what: String, _ text: String, _ files: [String], by tokenizer: CLIPTokenizer
  ) -> DatasetProblem? {
    tokenizer.encode(text).truncatedText.map { rest in
      DatasetProblem(
        files,
        "\(what) is longer than \(tokenizer.modelMaxLength - 2) tokens, \"\(rest)\" is cut off")
    }
  }

  /// Pictures in a folder of that name that the subject's own are too, by their content.
  static func trainedOn(
    _ images: [RunIdentity.Image]?, in folder: String?, _ subject: [RunIdentity.Image],
    _ text: String
  ) -> [DatasetProblem] {
    let trained = Set(subject.map(\.sha256))
    let both = (images ?? []).filter { trained.contains($0.sha256) }.map(\.file)
    guard let folder, !both.isEmpty else { return [] }
    return [DatasetProblem(both, text).below(folder)]
  }

  /// The same of files in a folder of that name.
  func below(_ folder: String) -> DatasetProblem {
    DatasetProblem(files.map { "\(folder)/\($0)" }, text)
  }

  /// `00.jpg, 01.jpg: no caption ...`
  public var description: String { files.isEmpty ? text : "\(listing(files)): \(text)" }
}

extension Dataset {
  /// Everything that the user should know before training on these pictures at a resolution starts.
  func problems(atResolution resolution: Int, _ tokenizer: CLIPTokenizer) -> [DatasetProblem] {
    let found = enlargements(atResolution: resolution) + truncations(by: tokenizer)
    return problems + (isCompanion ? found.map { $0.below(subject.name) } : found)
  }

  /// Images that training at a resolution would enlarge by more than 1.15, so that it would learn
  /// their blur.
  public func enlargements(atResolution resolution: Int) -> [DatasetProblem] {
    images.compactMap { image in
      let scale = CropGeometry(
        originalWidth: image.width, originalHeight: image.height,
        targetWidth: resolution, targetHeight: resolution
      ).scale
      guard scale > 1.15 else { return nil }
      return DatasetProblem(
        [image.name],
        "\(image.width)x\(image.height) is enlarged \(String(format: "%.2f", scale)) times to cover "
          + "\(resolution)x\(resolution), which blurs it")
    }
  }

  /// Captions that are longer than the text encoders read, with what is cut off.
  public func truncations(by tokenizer: CLIPTokenizer) -> [DatasetProblem] {
    images.compactMap { image in
      DatasetProblem.truncation(of: "the caption", image.caption, [image.name], by: tokenizer)
    }
  }

  /// Says so when the word that stands for the subject is in no caption.
  static func missingToken(of subject: Subject, in images: [DatasetImage]) -> [DatasetProblem] {
    let token = words(of: subject.token)
    if images.contains(where: { words(of: $0.caption).contains(token) }) { return [] }
    return [
      DatasetProblem(
        [],
        "no caption holds \"\(subject.token)\", so that word will not draw the subject; "
          + "use it in the captions, or set trigger in \(Subject.fileName)")
    ]
  }

  /// Groups of files with the same bytes.
  static func duplicates(in images: [DatasetImage]) throws(DatasetError) -> [DatasetProblem] {
    var problems: [DatasetProblem] = []
    do {
      let bySize = try Dictionary(grouping: images) { image in
        try image.url.resolvingSymlinksInPath().resourceValues(forKeys: [.fileSizeKey]).fileSize
      }
      for group in bySize.values where group.count > 1 {
        let byContent = try Dictionary(grouping: group) { try Data(contentsOf: $0.url) }
        for same in byContent.values where same.count > 1 {
          problems.append(
            DatasetProblem(same.map(\.name), "the same picture, which will weigh more than others"))
        }
      }
    } catch {
      throw .unreadable(images[0].url.deletingLastPathComponent().relativePath, reason: "\(error)")
    }
    return problems.sorted { $0.files.lexicographicallyPrecedes($1.files) }
  }

  /// The words in lower case, each between spaces.
  private static func words(of text: String) -> String {
    " " + text.lowercased().split { !$0.isLetter && !$0.isNumber }.joined(separator: " ") + " "
  }
}
