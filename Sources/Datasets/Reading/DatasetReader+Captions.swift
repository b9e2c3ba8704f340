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
      let isJSON = folder.files.json.contains(name)
      let read = { () throws in
        try CaptionMetadata(contentsOf: folder.url(of: name), images: folder.files.names)
      }
      // A JSON file is one of captions only if it names an image. One that cannot be read is noted as
      // any other that has none.
      let content = isJSON ? try? read() : attempt(path, read)
      let namesImages = content?.entries.keys.contains {
        FileManager.default.fileExists(atPath: $0)
      }
      guard let file = content, !isJSON || namesImages == true else {
        let reason = content?.isConceptList == true ? Unused.conceptFile : .otherJSON
        if isJSON { note(name, in: folder, reason) }
        continue
      }
      if let error = file.error, faulty.insert(path).inserted {
        unusable.append(UnusableFile(name: path, error: error))
      }
      roles[path] = .metadata
      if !file.unreadKeys.isEmpty { findings.unreadKeys.append((path, file.unreadKeys.sorted())) }
      for (place, entry) in file.entries { found[place, default: []].append((entry, path)) }
    }
    metadata.merge(found) { older, newer in newer + older }
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
        note(file, in: folder, file.hasSuffix("json") ? .otherJSON : .captionTable)
        continue
      }
      if !read.unreadKeys.isEmpty { findings.unreadKeys.append((path, read.unreadKeys)) }
      text.add(read, from: file)
    }
    if !text.captions.isEmpty {
      for file in text.emptyFiles { note(file, in: folder, .emptyCaption) }
    }
    return text
  }

  /// The captions of an image from its files, metadata or folder, or the subject's.
  mutating func captions(
    of name: String, _ text: ImageText,
    _ lines: [(entry: CaptionMetadata.Entry, source: String)], _ folder: String?
  ) -> [String] {
    let lines = lines.filter { !$0.entry.captions.isEmpty }
    let isDecided = text.isComplete(emptyCaptions)
    let others = lines.dropFirst(isDecided ? 0 : 1)
    if let ending = text.source, isDecided {
      findings.doubleCaptions += others.map {
        (name, "captions in a .\(ending) and in \($0.source.lastPathPart), the .\(ending) is read")
      }
    } else if let source = lines.first?.source {
      findings.doubleCaptions += others.map {
        (name, "captions in \(source) and in \($0.source), the first is read")
      }
    }
    let own = isDecided ? text.captions : lines.first?.entry.captions ?? []
    hasCaptions = hasCaptions || !own.isEmpty || folder != nil || emptyCaptions
    if !own.isEmpty { return own }
    if emptyCaptions && (folder == nil || !text.emptyFiles.isEmpty) { return [""] }
    if !text.emptyFiles.isEmpty {
      findings.emptied.append(name)
    } else if folder == nil {
      findings.uncaptioned.append(name)
    }
    return [folder ?? subject.defaultCaption]
  }
}
