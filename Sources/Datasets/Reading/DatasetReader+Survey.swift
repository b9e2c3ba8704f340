import Files
import Foundation

extension DatasetReader {
  /// What has been read of a folder and those that belong to it.
  ///
  /// - Parameters:
  ///   - problems: what is odd about the folders themselves.
  ///   - others: what of the folders cannot be used besides the files read.
  ///   - isCompanion: whether it stands beside the subject's own folder.
  /// - Throws: `DatasetError` for a folder without pictures, `FileAccessError`.
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
      try (fileProblems + problems + lookedForInVain).filter { !$0.files.isEmpty }
      + DuplicateImages.problems(in: images)
    let dataset = Dataset(
      directory: directory, subject: subject, images: images,
      problems: isCompanion ? found.map { $0.below(subject.name) } : found,
      isCompanion: isCompanion)
    return DatasetSurvey(
      dataset: images.isEmpty ? nil : dataset,
      unusable: unusable.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) })
  }

  /// What is odd about single files.
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
      problem(findings.misnamed, "the content is of the other format than the extension says"),
      DatasetProblem(findings.orphanTexts, "no image of the same name, not read"),
      DatasetProblem(
        findings.doubleCaptions,
        "captions in a .txt and in \(CaptionMetadata.fileName), the .txt is read"),
      problem(
        findings.foreignCaptions,
        "captions are only read from .txt files and \(CaptionMetadata.fileName), not read"),
      problem(findings.unsupported, "only JPEG and PNG are read, left out"),
      DatasetProblem(findings.secondMasks, "the picture has another mask, not read"),
      DatasetProblem(
        findings.beyondLimit, "more than the \(images.count) that are asked for, not read"),
    ]
      + profiles.map { profile, pictures in
        problem(
          pictures.map(\.picture),
          "the colour profile is \(profile.excerpt()), but its colours are read as sRGB")
      }
  }

  /// Pictures that something is said of and that are not there.
  private var lookedForInVain: [DatasetProblem] {
    [
      DatasetProblem(orphanLines, "no picture of that name, not read"),
      DatasetProblem(
        subject.focusByName.keys.filter { !names.contains($0) }.sorted(),
        "no picture of that name, though \(Subject.fileName) gives it a focus point"),
    ]
  }
}
