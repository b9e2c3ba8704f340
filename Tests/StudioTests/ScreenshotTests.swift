import Browser
import Foundation
import TestSupport
import Testing

/// Pictures of all pages, to look at: `LORA_TRAIN_SCREENSHOTS=FOLDER Scripts/test --filter ScreenshotTests`.
@Suite("Studio: screenshots", .enabled(if: ScreenshotFolder.url != nil && Chromium.isInstalled))
struct ScreenshotTests {
  @Test("Each page at the width of a desk and of a phone, in light and dark")
  func pages() async throws {
    let folder = try #require(ScreenshotFolder.url)
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    try await TestStudio.serve { studio in
      let training = try TestTraining(
        in: studio.folder, steps: 120,
        ["--checkpoint-every", "40", "--sample-every", "40", "--validate-every", "20"])
      try await training.wait()
      for (seed, prompt) in ["a photo of a red ball", "a photo of cube on a table"].enumerated() {
        try await studio.draw(
          #"{"prompt": "\#(prompt)", "seed": \#(seed), "count": 3, "run": "1@120", "against": "base"}"#
        )
      }
      try await studio.drawCampaign("summer")
      let live = try TestTraining(
        in: studio.folder, steps: 4000, ["--new", "--sample-every", "0"])
      _ = try await studio.send(
        "POST", "/api/pictures", #"{"prompt": "a long drawing", "steps": 1000, "count": 5}"#)
      _ = try await studio.send("POST", "/api/pictures", #"{"prompt": "the next one"}"#)
      if let photos = Repository.shared("photos/dreambooth/dog") {
        try FileManager.default.copyItem(
          at: photos, to: studio.folder.appending(path: "Datasets/dog"))
      }
      try await withBrowser { browser in
        let page = try await browser.newPage()
        for (name, path) in [
          ("draw", "/draw"), ("picture", "/pictures/4"), ("pair", "/pictures/1/beside/4"),
          ("runs", "/runs"), ("run", "/runs/1"), ("running", "/runs/2"), ("missing", "/nowhere"),
          ("datasets", "/datasets"), ("dataset", "/datasets/cube"),
          ("photos", "/datasets/dog"), ("train", "/datasets/cube/train"),
          ("compare", "/compare"), ("campaigns", "/campaigns"), ("campaign", "/campaigns/summer"),
        ] {
          for (width, isMobile) in [(1440, false), (390, true)] {
            for scheme in [ColorScheme.light, .dark] {
              try await page.setViewport(
                width: width, height: isMobile ? 844 : 900, isMobile: isMobile)
              try await page.setColorScheme(scheme)
              try await page.goto(studio.address + path)
              try await Task.sleep(for: .milliseconds(900))
              let file = folder.appending(path: "\(name)-\(width)-\(scheme).png")
              try await page.screenshot(fullPage: true).write(to: file)
            }
          }
        }
      }
      _ = try await studio.send("POST", "/api/runs/2/stop")
      try await live.wait()
    }
  }
}

enum ScreenshotFolder {
  static let url = ProcessInfo.processInfo.environment["LORA_TRAIN_SCREENSHOTS"].map {
    URL(filePath: $0, directoryHint: .isDirectory)
  }
}
