import Files
import Foundation
import Images

/// Reads the folders of a dataset, and collects their images and the problems of their files.
struct DatasetReader {
  /// Files with problems, by kind of problem.
  struct Findings {
    var uncaptioned: [String] = []
    var misnamed: [Fix] = []
    var orphanTexts: [String] = []
    var doubleCaptions: [String] = []
    var foreignCaptions: [Fix] = []
    var unsupported: [Fix] = []
    var otherColors: [(profile: String, image: Fix)] = []
    var secondMasks: [String] = []
    var beyondLimit: [String] = []
  }

  /// A file and the command that fixes it, if there is one.
  typealias Fix = (file: String, command: String?)

  let subject: Subject
  private(set) var images: [DatasetImage] = []
  private(set) var unusable: [UnusableFile] = []
  private(set) var findings = Findings()
  /// Whether any image has a caption of its own or its folder's.
  private(set) var hasCaptions = false
  /// The names of all images, readable or not.
  private(set) var names: Set<String> = []

  /// The lines of `metadata.jsonl` files and the names of these files, by the images' paths.
  private var metadata: [String: (entry: CaptionMetadata.Entry, source: String)] = [:]
  /// The names of the files that cannot be used.
  private var faulty: Set<String> = []
  /// The paths of all images.
  private var places: Set<String> = []

  init(subject: Subject) { self.subject = subject }

  /// Reads the first `limit` images of a folder by name.
  mutating func read(_ folder: ImageFolder, limit: Int = .max) {
    let files = folder.files
    readMetadata(of: folder)
    for file in files.images.prefix(limit) { read(file, in: folder) }

    findings.beyondLimit += folder.paths(of: Array(files.images.dropFirst(limit)))
    let stems = Set(files.images.map(\.pathStem))
    findings.orphanTexts += folder.paths(
      of: files.texts.filter { !stems.contains($0.key) }.values.sorted())
    findings.secondMasks += folder.paths(of: files.masks.values.flatMap { $0.dropFirst() }.sorted())
    for file in files.foreignCaptions {
      let isText = !ForeignCaptions.names.contains(file)
      let fix = fix(file, in: folder, to: "txt", ShellCommand.move(_:to:))
      findings.foreignCaptions.append((fix.file, isText ? fix.command : nil))
    }
    for file in files.unsupportedImages {
      findings.unsupported.append(fix(file, in: folder, to: "png", ShellCommand.convert(_:to:)))
    }
  }

  /// The lines of `metadata.jsonl` files that name no existing image.
  var orphanLines: [String] {
    metadata.filter { !places.contains($0.key) }.values
      .sorted { ($0.source, $0.entry.line) < ($1.source, $1.entry.line) }
      .map { "\($0.source) line \($0.entry.line) (\($0.entry.file.excerpt()))" }
  }

  private mutating func readMetadata(of folder: ImageFolder) {
    guard folder.files.hasMetadata else { return }
    let name = folder.path(of: CaptionMetadata.fileName)
    let url = folder.url(of: CaptionMetadata.fileName)
    guard let file = attempt(name, { try CaptionMetadata(contentsOf: url) }) else { return }
    if let error = file.error { unusable.append(UnusableFile(name: name, error: error)) }
    for (place, entry) in file.entries { metadata[place] = (entry, name) }
  }

  private mutating func read(_ file: String, in folder: ImageFolder) {
    let name = folder.path(of: file)
    let url = folder.url(of: file)
    let place = url.standardizedFileURL.path
    names.insert(name)
    places.insert(place)
    var text = CaptionFile()
    if let caption = folder.files.texts[file.pathStem] {
      let url = folder.url(of: caption)
      guard let read = attempt(folder.path(of: caption), { try CaptionFile(contentsOf: url) })
      else { return }
      text = read
    }
    guard let header = attempt(name, { try ImageDecoder.header(contentsOf: url) }) else { return }
    var mask: DatasetImage.Mask?
    if let own = folder.files.masks[file.pathStem]?.first {
      let maskURL = folder.url(of: own)
      let size = header.orientedSize
      guard
        attempt(folder.path(of: own), { try Self.check(maskURL, isOf: size, as: url) }) != nil
      else { return }
      mask = .file(maskURL)
    } else if header.hasAlpha {
      mask = .alpha
    }

    let line = metadata[place]?.entry
    let captions = captions(of: name, text.captions, line?.captions ?? [], folder.caption)
    images.append(
      DatasetImage(
        url: url, name: name, size: header.orientedSize, captions: captions,
        focus: text.focus ?? line?.focus ?? subject.focusByName[name] ?? subject.focus,
        repeats: folder.repeats, mask: mask,
        convertedProfile: header.convertsColors ? header.colorProfile : nil))
    note(header, of: file, in: folder)
  }

  private mutating func captions(
    of name: String, _ text: [String], _ metadata: [String], _ folder: String?
  ) -> [String] {
    if !text.isEmpty && !metadata.isEmpty { findings.doubleCaptions.append(name) }
    let own = text.isEmpty ? metadata : text
    if own.isEmpty && folder == nil {
      findings.uncaptioned.append(name)
    } else {
      hasCaptions = true
    }
    return own.isEmpty ? [folder ?? subject.defaultCaption] : own
  }

  private mutating func note(_ header: ImageHeader, of file: String, in folder: ImageFolder) {
    if (header.format == .png) != (file.pathExtension.lowercased() == "png") {
      let right = header.format == .png ? "png" : "jpg"
      findings.misnamed.append(fix(file, in: folder, to: right, ShellCommand.move(_:to:)))
    }
    if let profile = header.colorProfile, !header.convertsColors {
      let isPNG = file.pathExtension.lowercased() == "png"
      let image = fix(file, in: folder, to: isPNG ? nil : "png", ShellCommand.toSRGB(_:as:))
      findings.otherColors.append((profile, image))
    }
  }

  /// A file with the command that converts it to the extension `ending` (nil: in place). There is no
  /// command if the new name is taken.
  private func fix(
    _ file: String, in folder: ImageFolder, to ending: String?,
    _ command: (String, String) -> String
  ) -> Fix {
    let result = ending.map { file.pathStem + $0 } ?? file
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
