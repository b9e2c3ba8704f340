import Files
import Foundation

extension DatasetReader {
  /// The result of reading a folder and the folders that belong to it.
  ///
  /// - Parameters:
  ///   - problems: Problems of the folders themselves.
  ///   - others: Folders that cannot be used. They add to the unusable files.
  /// - Throws: `DatasetError` for a folder without images, `FileAccessError`.
  mutating func survey(
    of directory: URL, problems: [DatasetProblem], unusable others: [UnusableFile] = []
  ) throws -> DatasetSurvey {
    guard !names.isEmpty || !others.isEmpty else {
      throw DatasetError.empty(
        directory.relativePath, unsupported: files(.imageFormat), masks: files(.orphanMask))
    }
    if images.isEmpty, unusable.isEmpty, others.isEmpty {
      throw DatasetError.allExcluded(directory.relativePath, images: files(.excluded))
    }
    noteIdleMetadata()
    var unusable = unusable + others
    // Without captions, a broken file may be the one that has them.
    if !hasCaptions, unusable.isEmpty { unusable = brokenJSON }
    if !hasCaptions, unusable.isEmpty, !unreadCaptions.isEmpty {
      unusable.append(
        UnusableFile(
          name: directory.lastPathComponent,
          error: DatasetError.captionsNotRead(
            directory.relativePath, files: unreadCaptions)))
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
      unusable: unusable.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) },
      files: files(of: directory, folders: problems, unusable: unusable), imageFiles: imageFiles)
  }

  /// The role of every file.
  private func files(
    of directory: URL, folders: [DatasetProblem], unusable: [UnusableFile]
  ) -> [DatasetFile] {
    var roles = self.unused.mapValues { FileRole.unused($0.reason.text) }
      .merging(self.roles) { _, used in used }
    for problem in folders {
      for folder in problem.files { roles[folder] = .unused(problem.text) }
    }
    for file in findings.beyondLimit { roles[file] = .unused(beyondLimit) }
    for file in unusable where file.name != directory.lastPathComponent {
      roles[file.name] = .unusable(file.description)
    }
    return roles.map { DatasetFile(path: $0, role: $1) }
      .sorted { $0.path.utf8.lexicographicallyPrecedes($1.path.utf8) }
  }

  /// The files that are not used for a reason, sorted.
  private func files(_ reason: Unused) -> [String] {
    unused.filter { $0.value.reason == reason && roles[$0.key] == nil }.map(\.key).sorted()
  }

  /// The files that are not read and have captions by their names.
  private var unreadCaptions: [String] {
    files(.metadataName)
      + files(.captionTable).filter { file in
        let stem = file.lastPathPart.fileStem.lowercased()
        return ["metadata", "caption", "captions", "prompts", "tags"].contains(stem)
          || names.contains { $0.fileStem == file.fileStem }
      }
  }

  private var beyondLimit: String { "not read; only \(images.count) needed" }

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
      DatasetProblem(
        findings.emptied,
        "the caption file is empty, the caption of the folder or the subject is used; "
          + "`empty_captions: true` trains these images with an empty caption"),
      problem(findings.misnamed, "the extension does not fit the format of the content"),
    ]
      + Dictionary(grouping: findings.frames, by: \.text).sorted { $0.key < $1.key }
      .map { text, images in DatasetProblem(images.map(\.image), text) } + captionProblems
      + [
        DatasetProblem(
          findings.namedAsMask,
          "trained as images, since they have captions and are no image's mask, although their names "
            + "are those of masks")
      ] + unusedProblems
      + [DatasetProblem(findings.beyondLimit, beyondLimit)]
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

  /// The problems of captions that are read from one place of several.
  private var captionProblems: [DatasetProblem] {
    let doubles = Dictionary(grouping: findings.doubleCaptions, by: \.text)
      .sorted { $0.key < $1.key }
    let keys = Dictionary(grouping: findings.unreadKeys, by: \.keys)
      .sorted { $0.key.lexicographicallyPrecedes($1.key) }
    return findings.sharing.map { images, files in
      DatasetProblem(images, "the same name, so they share \(listing(files))")
    }
      + doubles.map { text, images in DatasetProblem(images.map(\.image), text) }
      + keys.map { keys, files in
        DatasetProblem(
          files.map(\.file),
          "\(keys.count == 1 ? "the key" : "the keys") \(listing(keys)) "
            + (keys.count == 1 ? "is not read" : "are not read"))
      }
      + findings.unreadValues.map { file, numbers in
        let list = listing(numbers.map(String.init))
        return DatasetProblem(
          [file],
          numbers.count == 1
            ? "value \(list) of the list gives no image a caption and is not read"
            : "values \(list) of the list give no image a caption and are not read")
      }
  }

  /// The problems of files that are not used, by reason.
  private var unusedProblems: [DatasetProblem] {
    Unused.allCases.map { reason in
      let files = files(reason)
      return DatasetProblem(
        files, reason.text, commands: files.compactMap { unused[$0]?.command })
    }
  }

  /// Images that `metadata.jsonl` or `subject.yaml` names and that do not exist.
  private var missingImages: [DatasetProblem] {
    [
      DatasetProblem(orphanLines, "no image of that name, not read"),
      DatasetProblem(
        subject.focusByName.keys.filter { !names.contains($0) }.sorted(),
        "no image of that name, but \(Subject.fileName) gives it a focus point"),
      DatasetProblem(
        subject.excluded.subtracting(names).sorted(),
        "no image of that name, but \(Subject.fileName) excludes it"),
    ]
  }
}
