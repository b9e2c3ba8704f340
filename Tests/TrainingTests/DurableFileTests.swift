import Foundation
import TestSupport
import Testing

@testable import Files

@Suite("Durable files")
struct DurableFileTests {
  private struct Refused: Error {}

  private let folder: TemporaryDirectory
  private var file: URL { folder.url.appending(path: "a/b/picture.png") }

  init() throws { folder = try TemporaryDirectory() }

  private func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(
      atPath: file.deletingLastPathComponent().path
    ).sorted()
  }

  @Test("a file is replaced as a whole, and no other file is left, also if writing fails")
  func replace() throws {
    try DurableFile.replace(file, with: Data("one".utf8))
    #expect(throws: Refused.self) {
      try DurableFile.replace(file) {
        try Data("half".utf8).write(to: $0)
        throw Refused()
      }
    }
    #expect(try Data(contentsOf: file) == Data("one".utf8))
    try DurableFile.replace(file, with: Data("two".utf8))
    #expect(try Data(contentsOf: file) == Data("two".utf8))
    #expect(try names() == ["picture.png"])
  }

  @Test("A name of 255 bytes can be replaced")
  func longName() throws {
    let name = String(repeating: "ü", count: 125) + ".yaml"
    #expect(name.utf8.count == 255)
    let long = file.deletingLastPathComponent().appending(path: name)
    for text in ["one", "two"] { try DurableFile.replace(long, with: Data(text.utf8)) }
    #expect(try Data(contentsOf: long) == Data("two".utf8))
    #expect(try names() == [name])
  }

  @Test("A link to nothing is named with its target")
  func danglingLink() throws {
    let link = folder.url.appending(path: "link")
    try FileManager.default.createSymbolicLink(
      atPath: link.path, withDestinationPath: "/no/such/disk")
    let error = FileAccessError.linkTarget(file: link.relativePath, target: "/no/such/disk")
    #expect(throws: error) { try DurableFile.makeFolder(link.appending(path: "a/b")) }
    #expect(FileAccessError.danglingLink(folder.url) == nil)
  }

  @Test(
    "An error of writing names what to do about its reason",
    arguments: [
      (EACCES, "change its permissions or choose another place"),
      (EROFS, "mount its file system for writing or choose another place"),
      (ENAMETOOLONG, "choose a shorter name or choose another place"),
      (ENOSPC, "free some space or choose another place"),
      (EIO, "check the disk or choose another place"),
    ])
  func remedy(code: Int32, remedy: String) {
    let error = FileAccessError(writing: URL(filePath: "a"), code: code)
    #expect(error.description == "a cannot be written (\(systemReason(code))); \(remedy).")
  }

  @Test("temporary files of a dead process are removed, those of a living one are not")
  func leftovers() throws {
    var temporary = ""
    try DurableFile.replace(file) {
      temporary = $0.lastPathComponent
      try Data().write(to: $0)
    }
    let prefix = temporary.dropLast("\(getpid())".count)
    let living = "\(prefix)1"
    // No process has such a high number.
    let dead = "\(prefix)\(pid_t.max)"
    for name in [living, dead] {
      try Data().write(to: file.deletingLastPathComponent().appending(path: name))
    }
    try DurableFile.replace(file, with: Data())
    #expect(try names() == [living, "picture.png"])
  }

  @Test("a file that a dead process had moved aside gets its name back, unless the new one has it")
  func movedAside() throws {
    try DurableFile.makeFolder(file.deletingLastPathComponent())
    let aside = file.deletingLastPathComponent()
      .appending(path: ".picture.png.\(CurrentProcess.host).replaced.\(pid_t.max)")
    #expect(DurableFile.file(replacedBy: aside)?.path == file.path)
    try Data("old".utf8).write(to: aside)
    #expect(throws: Refused.self) { try DurableFile.replace(file) { _ in throw Refused() } }
    #expect(try Data(contentsOf: file) == Data("old".utf8))
    #expect(try names() == ["picture.png"])
    try Data("older".utf8).write(to: aside)
    #expect(throws: Refused.self) { try DurableFile.replace(file) { _ in throw Refused() } }
    #expect(try Data(contentsOf: file) == Data("old".utf8))
    #expect(try names() == ["picture.png"])
  }

  @Test("folders are created with their parents; the error for an obstacle names it")
  func folders() throws {
    let deep = folder.url.appending(path: "x/y/z")
    for _ in 0..<2 { try DurableFile.makeFolder(deep) }
    #expect(FileManager.default.fileExists(atPath: deep.path))
    let taken = folder.url.appending(path: "taken")
    try Data().write(to: taken)
    for url in [taken.appending(path: "x"), taken] {
      let error = FileAccessError.unwritable(file: url.relativePath, reason: "Not a directory")
      #expect(throws: error) { try DurableFile.makeFolder(url) }
    }
  }

  @Test("A folder is replaced as a whole, and stays as it is if writing fails")
  func replaceFolder() throws {
    let place = folder.url.appending(path: "new/model")
    func write(_ text: String) throws {
      try DurableFile.replaceFolder(place) {
        try DurableFile.write(Data(text.utf8), to: $0.appending(path: text))
        if text == "third" { throw Refused() }
      }
    }
    func names(_ url: URL) throws -> [String] {
      try FileManager.default.contentsOfDirectory(atPath: url.path).sorted()
    }
    try write("first")
    #expect(try names(place) == ["first"])
    try write("second")
    #expect(try names(place) == ["second"])
    #expect(throws: Refused.self) { try write("third") }
    #expect(try names(place) == ["second"])
    #expect(try names(folder.url.appending(path: "new")) == ["model"])
    // The folder of a process that was killed.
    let left = ".model.\(CurrentProcess.host).4194304"
    try FileManager.default.createDirectory(
      at: folder.url.appending(path: "new/\(left)/part"), withIntermediateDirectories: true)
    try write("fourth")
    #expect(try names(folder.url.appending(path: "new")) == ["model"])
  }
}
