import Files
import Foundation
import Images

/// Reads the folders of a dataset, gives each file its role, and collects the images and the
/// problems of their files.
struct DatasetReader {
  /// Files with problems, by kind of problem.
  struct Findings {
    var uncaptioned: [String] = []
    var emptied: [String] = []
    var misnamed: [Fix] = []
    var namedAsMask: [String] = []
    var sharing: [(images: [String], files: [String])] = []
    var doubleCaptions: [(image: String, text: String)] = []
    var unreadKeys: [(file: String, keys: [String])] = []
    var otherColors: [(profile: String, image: Fix)] = []
    var beyondLimit: [String] = []
  }

  /// A file and the command that fixes it, if there is one.
  typealias Fix = (file: String, command: String?)

  let subject: Subject
  /// Whether the images are used beside the subject's own.
  let isCompanion: Bool
  /// Whether images without a caption have an empty one.
  let emptyCaptions: Bool
  private(set) var images: [DatasetImage] = []
  private(set) var unusable: [UnusableFile] = []
  private(set) var findings = Findings()
  /// Files that are used, or belong to the system.
  private(set) var roles: [String: FileRole] = [:]
  /// Files that are not used.
  private(set) var unused: [String: (reason: Unused, command: String?)] = [:]
  /// Whether any image has a caption of its own or its folder's.
  private(set) var hasCaptions = false
  /// The names of all images, readable or not.
  private(set) var names: Set<String> = []

  /// What metadata files give the images, by their paths. Earlier ones override later ones.
  private var metadata: [String: [(entry: CaptionMetadata.Entry, source: String)]] = [:]
  /// The names of the files that cannot be used.
  private var faulty: Set<String> = []
  /// The paths of all images.
  private var places: Set<String> = []

  init(subject: Subject, isCompanion: Bool = false, emptyCaptions: Bool = false) {
    self.subject = subject
    self.isCompanion = isCompanion
    self.emptyCaptions = emptyCaptions
  }

  /// Reads the first `limit` images of a folder by name.
  mutating func read(_ folder: ImageFolder, limit: Int = .max) {
    let files = folder.files
    for file in files.system { roles[folder.path(of: file)] = .system }
    if files.hasSubjectFile {
      let isRead = folder.name == nil && !isCompanion
      if isRead { roles[Subject.fileName] = .settings }
      if !isRead { note(Subject.fileName, in: folder, .innerSubject) }
    }
    for (file, reason) in files.unused { note(file, in: folder, reason) }
    for link in files.brokenLinks { note(link, in: folder, .brokenLink) }
    readMetadata(of: folder)
    for image in files.images.prefix(limit) { read(image, in: folder) }
    findings.beyondLimit += files.images.dropFirst(limit).map { folder.path(of: $0.name) }
    findings.namedAsMask += folder.paths(of: files.namedAsMask)
    for mask in files.orphanMasks { sortOrphan(mask, in: folder) }
    for masks in files.masks.values {
      roles[folder.path(of: masks[0])] = .mask
      for other in masks.dropFirst() { note(other, in: folder, .otherMask) }
    }
    for file in files.captions.values.joined() where unused[folder.path(of: file)] == nil {
      roles[folder.path(of: file)] = .caption
    }
    for images in files.names.shared {
      let shared = (files.captions[images[0]] ?? []) + (files.masks[images[0]] ?? [])
      guard !shared.isEmpty else { continue }
      findings.sharing.append((folder.paths(of: images), folder.paths(of: shared)))
    }
  }

  /// The lines of metadata files that name no existing image.
  var orphanLines: [String] {
    metadata.filter { !places.contains($0.key) }.values.joined()
      .sorted { ($0.source, $0.entry.line ?? 0) < ($1.source, $1.entry.line ?? 0) }
      .map { entry, source in
        let line = entry.line.map { " line \($0)" } ?? ""
        return "\(source)\(line) (\(entry.file.excerpt()))"
      }
  }

  private mutating func readMetadata(of folder: ImageFolder) {
    var found: [String: [(entry: CaptionMetadata.Entry, source: String)]] = [:]
    for name in folder.files.metadata + folder.files.json {
      let path = folder.path(of: name)
      let isJSON = folder.files.json.contains(name)
      let read = { () throws in
        try CaptionMetadata(contentsOf: folder.url(of: name), images: folder.files.names)
      }
      // A JSON file is one of captions only if it names an image.
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

  /// A mask without its image is one of its own if metadata has its caption.
  private mutating func sortOrphan(_ mask: String, in folder: ImageFolder) {
    let url = folder.url(of: mask)
    let lines = metadata[url.standardizedFileURL.path] ?? []
    guard lines.contains(where: { !$0.entry.captions.isEmpty }) else {
      return note(mask, in: folder, .orphanMask)
    }
    findings.namedAsMask.append(folder.path(of: mask))
    let header = Result { () throws(ImageError) in try ImageDecoder.header(contentsOf: url) }
    read(DatasetFolder.Image(name: mask, header: header), in: folder)
  }

  private mutating func read(_ image: DatasetFolder.Image, in folder: ImageFolder) {
    let file = image.name
    let name = folder.path(of: file)
    let url = folder.url(of: file)
    let place = url.standardizedFileURL.path
    names.insert(name)
    places.insert(place)
    guard let text = readCaptionFiles(of: file, in: folder) else {
      return note(file, in: folder, .sideFault)
    }
    guard let header = attempt(name, { try image.header.get() }) else { return }
    var mask: DatasetImage.Mask?
    if let own = folder.files.masks[file]?.first {
      let maskURL = folder.url(of: own)
      let size = header.orientedSize
      guard
        attempt(folder.path(of: own), { try Self.check(maskURL, isOf: size, as: url) }) != nil
      else { return note(file, in: folder, .sideFault) }
      mask = .file(maskURL)
    } else if header.hasAlpha {
      mask = .alpha
    }

    let lines = metadata[place] ?? []
    let captions = captions(of: name, text, lines, folder.caption)
    images.append(
      DatasetImage(
        url: url, name: name, size: header.orientedSize, captions: captions,
        focus: text.focus ?? lines.lazy.compactMap(\.entry.focus).first
          ?? subject.focusByName[name] ?? subject.focus,
        repeats: folder.repeats, mask: mask,
        convertedProfile: header.convertsColors ? header.colorProfile : nil))
    roles[name] = .image
    note(header, of: file, in: folder)
  }

  /// Reads the caption files of an image. nil: one of them cannot be used.
  private mutating func readCaptionFiles(of image: String, in folder: ImageFolder) -> ImageText? {
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

  private mutating func captions(
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

  private mutating func note(_ header: ImageHeader, of file: String, in folder: ImageFolder) {
    if ImageName.isMisleading(file, for: header.format) {
      let right = ImageName.ending(of: header.format)
      findings.misnamed.append(fix(file, in: folder, to: right, ShellCommand.move(_:to:)))
    }
    if let profile = header.colorProfile, !header.convertsColors {
      let isPNG = file.pathExtension.lowercased() == "png"
      let image = fix(file, in: folder, to: isPNG ? nil : "png", ShellCommand.toSRGB(_:as:))
      findings.otherColors.append((profile, image))
    }
  }

  /// Records that a file is not used, with the command that makes it useful.
  private mutating func note(_ file: String, in folder: ImageFolder, _ reason: Unused) {
    let fix: Fix =
      switch reason {
      case .imageFormat where !file.fileStem.isEmpty:
        fix(file, in: folder, to: "png", ShellCommand.convert(_:to:))
      case .captionTable where file == "metadata.parquet":
        fix(file, in: folder, to: "csv", ShellCommand.toCSV(_:to:))
      default: (folder.path(of: file), nil)
      }
    unused[fix.file] = (reason, fix.command)
  }

  /// A file with the command that converts it to the extension `ending` (nil: in place). There is no
  /// command if the new name is taken.
  private func fix(
    _ file: String, in folder: ImageFolder, to ending: String?,
    _ command: (String, String) -> String
  ) -> Fix {
    let result = ending.map { "\(file.fileStem).\($0)" } ?? file
    let isFree = result == file || !folder.has(result)
    let paths = (folder.url(of: file).relativePath, folder.url(of: result).relativePath)
    return (folder.path(of: file), isFree ? command(paths.0, paths.1) : nil)
  }

  /// Throws `MaskError` for a mask that does not fit, `ImageError` for one that cannot be read.
  private static func check(_ mask: URL, isOf size: PixelSize, as image: URL) throws {
    let found = try ImageDecoder.header(contentsOf: mask).orientedSize
    guard found == size else {
      throw MaskError.otherSize(
        mask: mask.relativePath, size: found, image: image.relativePath, imageSize: size)
    }
  }

  /// Reads a file, or records why it cannot be read.
  private mutating func attempt<T>(_ name: String, _ read: () throws -> T) -> T? {
    do {
      return try read()
    } catch {
      // Images may share a caption or a mask.
      if faulty.insert(name).inserted { unusable.append(UnusableFile(name: name, error: error)) }
      return nil
    }
  }
}
