import Browser
import Foundation
import TestSupport
import Testing

/// The pages for people who use a keyboard or a screen reader.
@Suite("Studio: accessibility", .enabled(if: Chromium.isInstalled)) struct AccessibilityTests {
  /// What a user can operate. Each needs a name.
  private static let operable: Set = [
    "button", "link", "textbox", "searchbox", "combobox", "checkbox", "radio", "slider",
    "spinbutton", "DisclosureTriangle", "progressbar",
  ]

  /// The pages, for a project with a run, two pictures, a comparison and a waiting job.
  private static let paths = [
    "/draw", "/draw?starred=true", "/pictures/1", "/pictures/1/beside/2", "/runs", "/runs/1",
    "/datasets", "/datasets/cube", "/datasets/cube/train", "/compare", "/campaigns",
    "/campaigns/summer",
    "/nowhere",
  ]

  @Test("Everything that can be operated has a name, and every page one heading of the first level")
  func names() async throws {
    try await Self.visit { page, path in
      let nodes = try await page.accessibilityTree().filter { !$0.ignored }
      #expect(nodes.count { Self.operable.contains($0.role) } > 2, "\(path)")
      for node in nodes where Self.operable.contains(node.role) || node.role == "image" {
        let name = node.name.trimmingCharacters(in: .whitespacesAndNewlines)
        #expect(!name.isEmpty, "\(path): a \(node.role) has no name")
      }
      let headings = try await page.evaluate(
        "document.querySelectorAll('h1').length", as: Int.self)
      #expect(headings == 1, "\(path)")
    }
  }

  @Test("axe-core finds nothing serious, in light and dark, on a desk and on a phone")
  func axe() async throws {
    let file = Repository.root.appending(path: ".build/axe.min.js")
    guard FileManager.default.fileExists(atPath: file.path) else {
      print("SKIPPED: \(file.path) does not exist; Scripts/browser fetches it.")
      return
    }
    let library = try String(contentsOf: file, encoding: .utf8)
    try await Self.visit { page, path in
      for (width, isMobile) in [(1440, false), (390, true)] {
        for scheme in [ColorScheme.light, .dark] {
          try await page.setViewport(width: width, height: 900, isMobile: isMobile)
          try await page.setColorScheme(scheme)
          try await page.addScript(library)
          let found = try await page.evaluate(
            """
            axe.run().then(result => result.violations.filter(v => ['serious', 'critical'].includes(v.impact))
              .map(v => v.id + ': ' + v.nodes.map(n => n.target + ' ' + n.failureSummary).join(' | ')))
            """, as: [String].self)
          #expect(found == [], "\(path) at \(width) in \(scheme)")
        }
      }
      try await page.setViewport(width: 1440, height: 900, isMobile: false)
    }
  }

  @Test("No page is wider than a phone")
  func narrow() async throws {
    try await Self.visit { page, path in
      try await page.setViewport(width: 390, height: 844, isMobile: true)
      let excess = try await page.evaluate(
        "document.documentElement.scrollWidth - document.documentElement.clientWidth", as: Int.self)
      #expect(excess <= 0, "\(path) is \(excess) pixels too wide")
    }
  }

  /// Opens each page of a project.
  private static func visit(_ body: (Page, _ path: String) async throws -> Void) async throws {
    try await TestStudio.serve { studio in
      let training = try TestTraining(
        in: studio.folder, steps: 12, ["--checkpoint-every", "6", "--sample-every", "6"])
      try await training.wait()
      try await studio.draw(
        #"{"prompt": "a photo of a red ball", "seed": 1, "steps": 2, "run": "1", "against": "base"}"#
      )
      let order = #"{"checkpoints": ["1"], "prompts": ["a dog"], "seeds": [1], "steps": 1}"#
      let answer = try await studio.send("POST", "/api/comparisons", order)
      let comparison = try #require(try answer.json()["id"]?.number)
      _ = try await studio.end(ofJob: comparison)
      try await studio.drawCampaign("summer")
      _ = try await studio.send(
        "POST", "/api/pictures", #"{"prompt": "a long one", "steps": 1000, "count": 9}"#)
      try await withBrowser { browser in
        let page = try await browser.newPage()
        for path in paths + ["/comparisons/\(comparison)"] {
          try await page.goto(studio.address + path)
          try await page.wait(for: "document.readyState === 'complete'")
          try await body(page, path)
        }
      }
    }
  }
}
