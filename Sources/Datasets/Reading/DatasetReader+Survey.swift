import Files
import Foundation

extension DatasetReader {
  /// The result of reading a folder and the folders that belong to it.
  ///
  /// - Parameters:
  ///   - problems: Problems of the folders themselves.
  ///   - others: Folders that cannot be used. They add to the unusable files.
  ///   - isCompanion: Whether the images are used beside the subject's own.
  /// - Throws: `DatasetError` for a folder without images, `FileAccessError`.
  func survey(
    of directory: URL, problems: [DatasetProblem], unusable others: [UnusableFile] = [],
    isCompanion: Bool = false
  ) throws -> DatasetSurvey {
    var unusable = unusable + others
    guard !names.isEmpty || !others.isEmpty else {
      throw DatasetError.empty(
        directory.relativePath, unsupported: findings.unsupported.map(\.file))
    }
    if !hasCaptions, unusable.isEmpty, !findings.foreignCaptions.isEmpty {
      unusable.append(
        UnusableFile(
          name: directory.lastPathComponent,
          error: DatasetError.captionsNotRead(
            directory.relativePath, files: findings.foreignCaptions.map(\.file))))
    }
    let images = images.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    let found =
      try (fileProblems + problems + missingImages).filter { !$0.files.isEmpty }
      + DuplicateImages.problems(in: images)
    let dataset = Dataset(
      directory: directory, subject: subject, images: images,
      problems: isCompanion ? found.map { $0.below(subject.name) } : found,
      isCompanion: isCompanion)
    return DatasetSurvey(
      dataset: images.isEmpty ? nil : dataset,
      unusable: unusable.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) })
  }

  /// The problems of single files.
  private var fileProblems: [DatasetProblem] {
    func problem(_ fixes: [Fix], _ text: String) -> DatasetProblem {
      DatasetProblem(fixes.map(\.file), text, commands: fixes.compactMap(\.command))
    }
    let profiles = Dictionary(grouping: findings.otherColors, by: \.profile)
      .sorted { $0.key < $1.key }
    return [
      DatasetProblem(
        findings.uncaptioned,
        "no caption in a .txt file of the same name, \"\(subject.defaultCaption.excerpt())\" is "
          + "used"),
      problem(findings.misnamed, "the extension does not fit the format of the content"),
      DatasetProblem(findings.orphanTexts, "no image of the same name, not read"),
      DatasetProblem(
        findings.doubleCaptions,
        "captions in a .txt and in \(CaptionMetadata.fileName), the .txt is read"),
      problem(
        findings.foreignCaptions,
        "not read; captions are read only from .txt files and \(CaptionMetadata.fileName)"),
      problem(findings.unsupported, "not read; only JPEG and PNG are read"),
      DatasetProblem(findings.secondMasks, "not read; the image has another mask"),
      DatasetProblem(
        findings.beyondLimit, "not read; only \(images.count) needed"),
    ]
      + profiles.map { profile, images in
        problem(
          images.map(\.image),
          "the colour profile is \(profile.excerpt()), but its colours are read as sRGB")
      }
      + Dictionary(grouping: images.filter { $0.convertedProfile != nil }, by: \.convertedProfile)
      .compactMap { profile, images in
        profile.map {
          DatasetProblem(
            images.map(\.name), "the colours are converted to sRGB from \($0.excerpt())")
        }
      }.sorted { $0.text < $1.text }
  }

  /// Images that `metadata.jsonl` or `subject.yaml` names and that do not exist.
  private var missingImages: [DatasetProblem] {
    [
      DatasetProblem(orphanLines, "no image of that name, not read"),
      DatasetProblem(
        subject.focusByName.keys.filter { !names.contains($0) }.sorted(),
        "no image of that name, but \(Subject.fileName) gives it a focus point"),
    ]
  }
}
