//! Where both model servers meet a limit: of length, of silence, of chances to call.

use std::time::Duration;

use kai::model::{Conversation, ModelError};
use serde_json::json;

use crate::support::stand::{KINDS, Say, Stand, chat, model_with, question, ready, script, text};

#[tokio::test]
async fn a_reply_without_end_is_stopped() {
    let piece = "größe ".repeat(1000);
    for kind in KINDS {
        for thinks in [false, true] {
            let thought: &'static str = Box::leak(piece.clone().into_boxed_str());
            let say = if thinks { Say::Think(thought) } else { Say::Text(piece.clone()) };
            let mut says = vec![say; 60];
            says.push(Say::End("stop"));
            let outcome = Stand::start(kind, vec![script(kind, &says)]).await.chat(&question()).await;
            let error = outcome.result.as_ref().expect_err("it failed");
            let said = error.to_string();
            assert!(matches!(error, ModelError::Endless { .. }) && said.contains("256 KiB"), "{kind:?}: {said}");
            assert!(outcome.text.len().max(outcome.thinking.len()) <= 256 << 10, "{kind:?}");
        }
    }
}

#[tokio::test]
async fn the_first_word_may_take_longer_than_the_next() {
    let wait = |first, idle| (Duration::from_millis(first), Duration::from_millis(idle));
    let slow = || Say::Pause(Duration::from_millis(1000));
    for kind in KINDS {
        for ((first, idle), says, text_of) in [
            (wait(30_000, 400), vec![slow(), text("a"), Say::End("stop")], Ok("a")),
            (wait(30_000, 400), vec![text("a"), slow(), Say::End("stop")], Err("a")),
            (wait(400, 30_000), vec![slow(), text("a"), Say::End("stop")], Err("")),
        ] {
            let stand = Stand::start(kind, vec![script(kind, &says)]).await;
            let model = model_with(kind, &stand.server.url, None, first, idle);
            let outcome = chat(model.as_ref(), &ready(), &question()).await;
            let got = outcome.result.as_ref().map(|_| outcome.text.as_str()).map_err(|_| outcome.text.as_str());
            assert_eq!(got, text_of, "{kind:?}: {says:?}");
            assert!(outcome.result.err().is_none_or(|error| matches!(error, ModelError::Silent { .. })));
        }
    }
}

#[tokio::test]
async fn tools_that_are_not_offered_any_more_are_still_known() {
    let printed = [text("<tool_call>{\"name\": \"kvm_list\", \"arguments\": {}}</tool_call>"), Say::End("stop")];
    for kind in KINDS {
        let stand = Stand::start(kind, vec![script(kind, &printed)]).await;
        let outcome = stand.chat(&Conversation { enough: true, ..question() }).await;
        let finished = outcome.result.expect("complete");
        assert_eq!((finished.calls.len(), outcome.text.as_str()), (1, ""), "{kind:?}");
        assert_eq!((finished.calls[0].name.as_str(), &finished.calls[0].arguments), ("kvm_list", &json!({})));
        assert!(!finished.without_tools && stand.sent()[0].get("tools").is_none(), "{kind:?}");
    }
}
