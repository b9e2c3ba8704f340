import Foundation
import Images
import Testing

@Suite("Files that are not images")
struct FileTests {
  private func problem(of file: URL) -> ImageError.Problem? {
    var found: ImageError.Problem?
    #expect {
      try ImageDecoder.decode(contentsOf: file)
    } throws: { error in
      let error = error as? ImageError
      found = error?.problem
      return error?.file == file.relativePath
        && error?.description.hasPrefix(file.relativePath) == true
    }
    return found
  }

  @Test(
    "missing, a folder, a pipe, empty, a loop of links: each error names the file and the problem")
  func kinds() throws {
    try Fixtures.withTemporaryFolder { folder in
      #expect(problem(of: folder.appending(path: "missing.png")) == .missing)
      #expect(problem(of: folder) == .notAFile)

      let pipe = folder.appending(path: "pipe.png")
      #expect(mkfifo(pipe.path, 0o600) == 0)
      #expect(problem(of: pipe) == .notAFile)

      let empty = folder.appending(path: "empty.jpg")
      try Data().write(to: empty)
      #expect(problem(of: empty) == .empty)

      let loop = folder.appending(path: "loop.jpg")
      try FileManager.default.createSymbolicLink(at: loop, withDestinationURL: loop)
      #expect(problem(of: loop) == .unreadable("Too many levels of symbolic links"))
    }
  }

  @Test("a file without read permission", .enabled(if: geteuid() != 0, "root may read everything"))
  func unreadable() throws {
    try Fixtures.withTemporaryFolder { folder in
      let file = folder.appending(path: "locked.png")
      try Fixtures.data("text.png").write(to: file)
      try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: file.path)
      #expect(problem(of: file) == .unreadable("Permission denied"))
    }
  }

  @Test(
    "the error names content of other formats",
    arguments: [
      ("just some words\n", .text), ("BMW and other cars\n", .text),
      ("\0\0\0\u{0C}JXL \r\n", .jpegXL), ("\0\0\0\u{0C}jP  \r\n", .jpeg2000),
      ("8BPS\0\u{1}", .photoshop), ("\0\0\0\u{18}ftypcrx ", .cameraRaw),
      ("\0\0\0\u{18}ftypisom", .video), ("<svg width='1'>", .svg), ("%PDF-1.7", .pdf),
      ("RIFF\u{1}\0\0\0WAVEfmt ", .unknown), ("\u{1}\u{2}", .unknown),
    ] as [(String, OtherContent)])
  func otherContent(bytes: String, content: OtherContent) throws {
    try Fixtures.withTemporaryFolder { folder in
      let file = folder.appending(path: "photo.jpg")
      try Data(bytes.utf8).write(to: file)
      #expect(problem(of: file) == .notAnImage(content))
    }
  }

  @Test("a file over the limit is refused before it is read")
  func tooManyBytes() throws {
    let file = Fixtures.folder.appending(path: "grey.jpg")
    let limits = ImageLimits(fileBytes: 100)
    let byteCount = try Fixtures.data("grey.jpg").count
    let problem = ImageError.Problem.fileTooLarge(byteCount: byteCount, limits: limits)
    #expect(throws: ImageError(file: file.relativePath, problem: problem)) {
      try ImageDecoder.decode(contentsOf: file, limits: limits)
    }
  }

  @Test("a header after 200 KB of metadata is found")
  func longMetadata() throws {
    let segment = Data([0xFF, 0xE2, 0xFF, 0xFF]) + Data(count: 0xFFFD)
    let data = try Fixtures.data("orientation-6.jpg")
    let long = data.prefix(2) + segment + segment + segment + data.dropFirst(2)
    try Fixtures.withTemporaryFolder { folder in
      let file = folder.appending(path: "long.jpg")
      try long.write(to: file)
      #expect(try ImageDecoder.header(contentsOf: file) == ImageDecoder.header(data))
    }
  }
}
