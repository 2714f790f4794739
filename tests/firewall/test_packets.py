# SPDX-License-Identifier: GPL-2.0-or-later
"""Real packets through real rules: who passes, who is dropped and counted, what stays untouched."""
import pathlib
import socket
import threading
import time

from conftest import NOBODY, until

SITE = {'networks': {'DOMAIN_NETWORKS': ['10.64.0.0/16', '2001:db8:10::/48', 'MORE'],
                     'MORE': ['198.18.0.0/15', 'DOMAIN_NETWORKS']}}
HOST = {'in4': '10.64.0.1', 'in6': '2001:db8:10::1', 'out4': '192.0.2.1', 'out6': '2001:db8:bad::1'}


def family_of(address):
    return socket.AF_INET6 if ':' in address else socket.AF_INET


def listener(host, port, family=socket.AF_INET6):
    """Accepts in both families and answers nothing."""
    with host.here():
        server = socket.socket(family, socket.SOCK_STREAM)
        server.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        server.bind(('::', port))
        server.listen(64)
    return server


def connects(peer, address, port, timeout=0.4):
    with peer.socket(family_of(address)) as client:
        client.settimeout(timeout)
        try:
            client.connect((address, port))
            return True
        except TimeoutError:
            return False
        except ConnectionRefusedError:
            return 'refused'


def test_listed_sources_pass_and_others_are_dropped_and_counted(host, inside, outside, start):
    engine = start(site=SITE)
    with listener(host, 8080):
        engine.tell('web', 8080, ['DOMAIN_NETWORKS'])
        engine.sync()
        assert engine.applied('web')['ok'] is True
        assert connects(inside, HOST['in4'], 8080) is True
        assert connects(inside, HOST['in6'], 8080) is True
        assert connects(outside, HOST['out4'], 8080) is False
        assert connects(outside, HOST['out6'], 8080) is False
        assert connects(host, '127.0.0.1', 8080) is True
        assert connects(host, HOST['out4'], 8080) is True, 'own traffic goes over lo'
    counters = engine.counters()['web']
    assert counters['accepted'] == 2, counters
    assert counters['dropped'] >= 2, counters


def test_a_service_without_any_source_is_closed(host, inside, start):
    engine = start()
    with listener(host, 8080):
        engine.tell('web', 8080)
        engine.sync()
        engine.applied('web')
        assert connects(inside, HOST['in4'], 8080) is False
        assert connects(host, '127.0.0.1', 8080) is True


def test_default_sources_open_what_the_service_listens_on(host, inside, outside, start):
    engine = start(site={**SITE, 'default_sources': ['DOMAIN_NETWORKS']})
    with listener(host, 8080), listener(host, 8081):
        engine.tell('web', listen=[{'name': 'a', 'port': 8080}, {'name': 'b', 'port': 8081}])
        engine.sync()
        engine.applied('web')
        for port in (8080, 8081):
            assert connects(inside, HOST['in4'], port) is True
            assert connects(outside, HOST['out4'], port) is False


def test_deny_is_stronger_than_allow(host, inside, outside, start):
    engine = start(site=SITE)
    with listener(host, 8080):
        engine.tell('web', 8080, ['world'], deny=[{'port': 'http', 'from': ['10.64.0.2']}])
        engine.sync()
        engine.applied('web')
        assert connects(inside, HOST['in4'], 8080) is False
        assert connects(inside, HOST['in6'], 8080) is True
        assert connects(outside, HOST['out4'], 8080) is True


def test_a_destination_narrows_and_families_that_differ_open_nothing(host, inside, start):
    engine = start(site=SITE)
    with listener(host, 8080):
        engine.tell('web', 8080, ['DOMAIN_NETWORKS'], destination=['10.64.0.1'])
        engine.sync()
        engine.applied('web')
        assert connects(inside, HOST['in4'], 8080) is True
        assert connects(inside, HOST['in6'], 8080) is False
        generation = engine.tell('web', 8080, ['10.64.0.0/16'], destination=['2001:db8:10::1'])
        engine.applied('web', generation)
        assert connects(inside, HOST['in4'], 8080) is False
        assert connects(inside, HOST['in6'], 8080) is False


def test_udp_is_filtered_too(host, inside, outside, start):
    engine = start(site=SITE)
    with host.here():
        server = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
        server.bind(('::', 5353))
        server.settimeout(0.5)
    engine.tell('dns', listen=[{'name': 'dns', 'port': 5353, 'protocol': 'udp'}],
                allow=['DOMAIN_NETWORKS'])
    engine.sync()
    engine.applied('dns')
    with server, inside.socket(kind=socket.SOCK_DGRAM) as near, \
            outside.socket(kind=socket.SOCK_DGRAM) as far:
        far.sendto(b'no', (HOST['out4'], 5353))
        near.sendto(b'yes', (HOST['in4'], 5353))
        assert server.recv(100) == b'yes'
        until(lambda: engine.counters()['dns'] == {'accepted': 1, 'dropped': 1})


def test_other_ports_and_other_tables_are_untouched(host, inside, outside, start):
    host.run('nft', 'add table inet theirs')
    host.run('nft', 'add chain inet theirs input { type filter hook input priority 0; }')
    host.run('nft', 'add rule inet theirs input tcp dport 9999 drop')
    before = host.run('nft', 'list', 'table', 'inet', 'theirs')
    engine = start(site=SITE)
    with listener(host, 9000), listener(host, 8080):
        engine.tell('web', 8080, ['DOMAIN_NETWORKS'])
        engine.sync()
        engine.applied('web')
        assert connects(outside, HOST['out4'], 9000) is True
        engine.gone('web')
        until(lambda: 'web' not in engine.rules())
        assert connects(outside, HOST['out4'], 8080) is True, 'its port is nobody\'s again'
    assert host.run('nft', 'list', 'table', 'inet', 'theirs') == before


def test_allowed_packets_carry_the_mark_for_the_hosts_own_filter(host, inside, start):
    host.run('nft', 'add table inet base')
    host.run('nft', 'add chain inet base input { type filter hook input priority 0; policy drop; }')
    host.run('nft', 'add rule inet base input ct state established,related accept')
    host.run('nft', 'add rule inet base input meta mark 0x53564344 accept')
    engine = start(site=SITE)
    with listener(host, 8080), listener(host, 8081):
        engine.tell('web', 8080, ['DOMAIN_NETWORKS'])
        engine.sync()
        engine.applied('web')
        assert connects(inside, HOST['in4'], 8080) is True
        assert connects(inside, HOST['in4'], 8081) is False


def test_a_flow_that_stands_survives_every_change(host, inside, start):
    engine = start(site=SITE)
    with listener(host, 8080) as server:
        engine.tell('web', 8080, ['DOMAIN_NETWORKS'])
        engine.sync()
        engine.applied('web')
        with inside.socket() as client:
            client.settimeout(2)
            client.connect((HOST['in4'], 8080))
            accepted, _ = server.accept()
            engine.applied('web', engine.tell('web', 8080, ['198.51.100.0/24']))
            client.send(b'still')
            accepted.settimeout(2)
            assert accepted.recv(10) == b'still'
            accepted.close()
        assert connects(inside, HOST['in4'], 8080) is False


def test_a_killed_engine_leaves_its_rules_and_the_next_takes_them_over(
        host, inside, outside, start):
    engine = start(site=SITE)
    with listener(host, 8080):
        engine.tell('web', 8080, ['DOMAIN_NETWORKS'])
        engine.tell('old', 8081, ['DOMAIN_NETWORKS'])
        engine.sync()
        engine.applied('web')
        connects(inside, HOST['in4'], 8080)
        engine.kill()
        assert connects(inside, HOST['in4'], 8080) is True
        assert connects(outside, HOST['out4'], 8080) is False
        engine = start(site=SITE)
        assert connects(outside, HOST['out4'], 8080) is False
        assert 'old' in engine.rules(), 'nothing is removed before sync'
        engine.tell('web', 8080, ['DOMAIN_NETWORKS'])
        engine.sync()
        engine.applied('web')
        assert 'old' not in engine.rules()
        assert connects(inside, HOST['in4'], 8080) is True
        assert engine.counters()['web']['accepted'] == 3, 'counters go on counting'


def test_it_runs_with_one_capability_as_another_user(host, inside, outside, start):
    engine = start(site=SITE, user=NOBODY)
    folder = pathlib.Path(f'/proc/{engine.process.pid}')
    status = (folder / 'status').read_text('ascii')
    assert f'CapEff:\t{1 << 12:016x}' in status and f'Uid:\t{NOBODY}' in status
    if 'libasan' not in (folder / 'maps').read_text('utf-8'):
        until(lambda: 'Seccomp:\t2' in (folder / 'status').read_text('ascii'), what='sandbox')
    with listener(host, 8080):
        engine.tell('web', 8080, ['DOMAIN_NETWORKS'])
        engine.sync()
        assert engine.applied('web')['ok'] is True
        assert connects(inside, HOST['in4'], 8080) is True
        assert connects(outside, HOST['out4'], 8080) is False


class Stream(threading.Thread):
    """Numbered datagrams at a steady pace from `peer` to port 8125 of the host."""

    def __init__(self, peer, address):
        super().__init__(daemon=True)
        self.socket, self.address = peer.socket(kind=socket.SOCK_DGRAM), address
        self.sent, self.ended = 0, False

    def run(self):
        while not self.ended:
            self.socket.sendto(self.sent.to_bytes(4, 'big'), (self.address, 8125))
            self.sent += 1
            time.sleep(0.0002)

    def end(self):
        self.ended = True
        self.join()
        self.socket.close()


def drain(server):
    count = {}
    server.settimeout(0.3)
    try:
        while True:
            _, sender = server.recvfrom(16)
            count[sender[0]] = count.get(sender[0], 0) + 1
    except TimeoutError:
        return count


def test_no_packet_is_judged_wrong_while_rules_are_replaced(host, inside, outside, start):
    """200 changes of the list, of another service, and after a foreign flush: the stream from the
    listed peer arrives whole, of the other's nothing does."""
    engine = start(site=SITE)
    with host.here():
        server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        server.setsockopt(socket.SOL_SOCKET, 33, 64 << 20)  # SO_RCVBUFFORCE
        server.bind(('0.0.0.0', 8125))
    listen = [{'name': 'in', 'port': 8125, 'protocol': 'udp'}]
    lists = [['DOMAIN_NETWORKS'], ['10.64.0.0/24', '203.0.113.0/24']]
    engine.tell('stats', listen=listen, allow=lists[0])
    engine.sync()
    engine.applied('stats')
    streams = [Stream(inside, HOST['in4']), Stream(outside, HOST['out4'])]
    with server:
        for stream in streams:
            stream.start()
        for i in range(200):
            generation = engine.tell('stats', listen=listen, allow=lists[i % 2])
            engine.tell('other', 9000 + i, ['world'])
            engine.applied('stats', generation)
            time.sleep(0.002)
        for stream in streams:
            stream.end()
        arrived = drain(server)
    assert streams[0].sent > 200
    assert arrived == {'10.64.0.2': streams[0].sent}
    assert engine.counters()['stats']['dropped'] == streams[1].sent
