import Foundation
import Testing

@Suite("Scripts/bootstrap")
struct BootstrapTests {
  @Test(
    "a name that is not one of an image library is refused",
    arguments: ["webp", "WebP, TIFF", "HEIC", "WebP,,GIF", "*", "WebP,none"])
  func imageLibraries(chosen: String) throws {
    let process = Process()
    let output = Pipe()
    process.executableURL = Fixtures.repository.appending(path: "Scripts/bootstrap")
    process.environment = ProcessInfo.processInfo.environment.merging(
      ["IMAGE_LIBRARIES": chosen], uniquingKeysWith: { $1 })
    process.standardError = output
    try process.run()
    let text = String(
      decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 1)
    #expect(text.hasPrefix("bootstrap: IMAGE_LIBRARIES=\(chosen) has \""))
    #expect(text.hasSuffix("give some of WebP,GIF,TIFF,HEIF,Colors without spaces, or none\n"))
  }
}
