import Files
import Foundation

/// Where the captions of an image come from.
extension DatasetReader {
  /// The lines of metadata files that name no existing image.
  var orphanLines: [String] {
    metadata.filter { !places.contains($0.key) }.values.joined()
      .sorted { ($0.source, $0.entry.line ?? 0) < ($1.source, $1.entry.line ?? 0) }
      .map { entry, source in
        let line = entry.line.map { " line \($0)" } ?? ""
        return "\(source)\(line) (\(entry.file.excerpt()))"
      }
  }

  /// Reads the files with captions of several images. They override those of folders read before.
  mutating func readMetadata(of folder: ImageFolder) {
    var found: [String: [(entry: CaptionMetadata.Entry, source: String)]] = [:]
    for name in folder.files.metadata + folder.files.json {
      let path = folder.path(of: name)
      let content =
        folder.files.json.contains(name)
        ? readJSON(name, in: folder)
        : attempt(path) {
          try CaptionMetadata(contentsOf: folder.url(of: name), images: folder.files.names)
        }
      guard let file = content else { continue }
      if let error = file.error, faulty.insert(path).inserted {
        unusable.append(UnusableFile(name: path, error: error))
      }
      roles[path] = .metadata
      if !file.unreadKeys.isEmpty { findings.unreadKeys.append((path, file.unreadKeys.sorted())) }
      if !file.unreadValues.isEmpty { findings.unreadValues.append((path, file.unreadValues)) }
      for (place, entry) in file.entries { found[place, default: []].append((entry, path)) }
    }
    metadata.merge(found) { older, newer in newer + older }
  }

  /// Reads a JSON file that belongs to no image. It is one of captions only if it names an image. nil:
  /// it has none, which is noted.
  private mutating func readJSON(_ name: String, in folder: ImageFolder) -> CaptionMetadata? {
    do throws(DatasetError) {
      let file = try CaptionMetadata(contentsOf: folder.url(of: name), images: folder.files.names)
      let isPresent = FileManager.default.fileExists(atPath:)
      if file.entries.keys.contains(where: isPresent) { return file }
      note(name, in: folder, file.isConceptList ? .conceptFile : .otherJSON)
    } catch {
      brokenJSON.append(UnusableFile(name: folder.path(of: name), error: error))
      let reason: Unused = if case .unreadable = error { .unreadable } else { .brokenJSON }
      note(name, in: folder, reason)
    }
    return nil
  }

  /// Notes the metadata files from which no image takes anything.
  mutating func noteIdleMetadata() {
    for (path, role) in roles where role == .metadata && !usedMetadata.contains(path) {
      roles[path] = nil
      unused[path] = (.idleMetadata, nil)
    }
  }

  /// Reads the caption files of an image. nil: one of them cannot be used.
  mutating func readCaptionFiles(of image: String, in folder: ImageFolder) -> ImageText? {
    var text = ImageText()
    for file in folder.files.captions[image] ?? [] {
      let path = folder.path(of: file)
      guard !text.isComplete(emptyCaptions) else {
        note(file, in: folder, .otherCaption)
        continue
      }
      let url = folder.url(of: file)
      guard let read = attempt(path, { try CaptionFile(contentsOf: url) }) else { return nil }
      guard let read else {
        note(
          file, in: folder, file.pathExtension.lowercased() == "json" ? .otherJSON : .captionTable)
        continue
      }
      if !read.unreadKeys.isEmpty { findings.unreadKeys.append((path, read.unreadKeys)) }
      if !text.add(read, from: file) { note(file, in: folder, .otherFocus) }
    }
    let reason = text.captions.isEmpty ? Unused.alsoEmpty : .emptyCaption
    for file in text.emptyFiles.dropFirst(text.captions.isEmpty ? 1 : 0) {
      note(file, in: folder, reason)
    }
    return text
  }

  /// The captions of an image from its files, metadata or folder, or the subject's.
  mutating func captions(
    of name: String, _ text: ImageText,
    _ lines: [(entry: CaptionMetadata.Entry, source: String)], _ folder: ImageFolder
  ) -> [String] {
    let shared = folder.caption
    let lines = lines.filter { !$0.entry.captions.isEmpty }
    let isDecided = text.isComplete(emptyCaptions)
    let others = lines.dropFirst(isDecided ? 0 : 1)
    if let ending = text.source, isDecided {
      findings.doubleCaptions += others.map {
        (name, "captions in a .\(ending) and in \($0.source.lastPathPart), the .\(ending) is read")
      }
    } else if let source = lines.first?.source {
      usedMetadata.insert(source)
      for file in text.emptyFiles { note(file, in: folder, .emptyCaption) }
      findings.doubleCaptions += others.map {
        (name, "captions in \(source) and in \($0.source), the first is read")
      }
    }
    let own = isDecided ? text.captions : lines.first?.entry.captions ?? []
    hasCaptions = hasCaptions || !own.isEmpty || shared != nil || emptyCaptions
    if !own.isEmpty { return own }
    if emptyCaptions && (shared == nil || !text.emptyFiles.isEmpty) { return [""] }
    if !text.emptyFiles.isEmpty {
      findings.emptied.append(name)
    } else if shared == nil {
      findings.uncaptioned.append(name)
    }
    return [shared ?? subject.defaultCaption]
  }
}
