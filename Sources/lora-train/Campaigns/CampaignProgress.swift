import Foundation
import StableDiffusion

/// Shows how far a campaign is: a line that is written over on a terminal, else a line now and then.
final class CampaignProgress {
  private static let plainInterval = Duration.seconds(10)

  private let pictures: Int
  private let isTerminal = Console.isTerminal
  private var done = 0
  /// When the first step was done: what comes before it is loading.
  private var start: ContinuousClock.Instant?
  private var lastLine = ContinuousClock.now

  init(pictures: Int) { self.pictures = pictures }

  func show(_ step: DrawingStep) {
    let share = Double(done) + Double(step.done) / Double(step.total)
    var line = "Picture \(done + 1) of \(pictures), step \(step.done) of \(step.total)"
    if let start {
      let left = (ContinuousClock.now - start) / share * (Double(pictures) - share)
      line += ", \(left.formatted(.time(pattern: .hourMinuteSecond))) left"
    } else {
      start = .now
    }
    if isTerminal {
      Console.redraw(line)
    } else if ContinuousClock.now - lastLine >= Self.plainInterval {
      lastLine = .now
      Console.say(line)
    }
  }

  /// One picture is done.
  func next() {
    done += 1
    end()
  }

  /// A sentence that stays.
  func say(_ sentence: String) {
    end()
    Console.say("Note: \(sentence)")
  }

  /// Leaves the terminal at the start of a line.
  func end() { if isTerminal && start != nil { Console.redraw("") } }
}
